"""Parts shared by pages and dialogs."""

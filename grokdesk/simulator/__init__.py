"""An offline grok.com on a loopback socket: demo, self-test and the tests' upstream."""

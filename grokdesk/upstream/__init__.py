"""All that knows grok.com and api.x.ai."""

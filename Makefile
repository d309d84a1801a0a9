# Every target is a word of packaging/dev.py, which works without make too: `make help` lists them.
PYTHON ?= python3
WORDS := help run test test-clients check bench build selftest lock clean

.DEFAULT_GOAL := help
.PHONY: $(WORDS)

$(WORDS):
	@$(PYTHON) packaging/dev.py $@ $(ARGS)

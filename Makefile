# The commands themselves are run.sh and test.sh: a bare Debian has no make. ARGS goes through to them.
.PHONY: help run test check bench soak lock prompts

help:
	@echo "make run     start everything (ARGS='...' as for 'rexian up')"
	@echo "make test    lint, types, contract, all tests (ARGS='tests/acd -k place' for some)"
	@echo "make check   lint, types, contract"
	@echo "make bench   every speed claim, measured here"
	@echo "make soak    the suites that run for minutes"
	@echo "make prompts speak what changed in config/prompts.yaml, check all sounds (ARGS='--all q.pos')"
	@echo "make lock    write requirements*.lock anew (ARGS='--upgrade' for newer releases)"

run:
	@exec sh run.sh $(ARGS)

test:
	@exec sh test.sh $(ARGS)

check bench soak:
	@exec sh test.sh $@

lock:
	@exec sh setup.sh lock $(ARGS)

prompts:
	@exec sh asterisk-config/voices/prompts.sh $(ARGS)

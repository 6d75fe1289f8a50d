.DEFAULT_GOAL := help
.PHONY: help run test test/% lint image/% lock engine stop clean

help: ## show this
	@sed -n 's/^\([a-z/%]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

run: image/base ## start a container, show its JupyterLab, run a first map in it
	@machine/run

test: engine ## build what the tests need; run every check and test
	@machine/build ci
	@machine/test

test/%: engine ## one part of them: lint, unit, pool, pool-condor25, images
	@machine/build ci
	@machine/test $*

lint: test/lint ## ruff, mypy, import-linter, hadolint, shellcheck

image/%: engine ## build one image: base, base-condor25, ... (docker-bake.hcl)
	@machine/build $*

lock: engine ## pin in requirements/ what images and tests install (UPGRADE=1: the newest)
	@machine/lock $(if $(UPGRADE),--upgrade)

engine: ## prepare this machine: a Docker engine with buildx
	@machine/engine

stop: ## end what `make run` started
	@docker stop "$${NAME:-htc-notebook}" && docker rm "$${NAME:-htc-notebook}"

clean: ## remove the images that were built here
	@docker images --quiet --filter label=org.htcondor.htmap-version | sort -u | xargs -r docker rmi --force

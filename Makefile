.DEFAULT_GOAL := help
.PHONY: help docs run test test/% lint images image/% manifests push lock update audit engine stop clean

help: ## show this
	@sed -n 's/^\([a-z/%]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

run: image/base ## start a container, show its JupyterLab, run a first map in it
	@machine/run

test: engine ## build what the tests need; run every check and test
	@machine/build ci
	@machine/test

# What a part of the tests needs beside the image that runs it.
needs-pool-condor25 = test-condor25
needs-images = ci
needs-docs = docs
needs-notebook = base hub-test
needs-hub = base hub hub-test site-condor25
needs-site = base site-condor25 laptop
needs-site-condor23 = base site laptop
test/%: engine ## one part of them: lint, unit, pool, pool-spooled, pool-condor25, images, docs, notebook, site, site-condor23, hub
	@machine/build test $(needs-$*)
	@machine/test $*

lint: test/lint ## ruff, mypy, import-linter, hadolint, shellcheck

docs: image/docs ## make the manual in build/docs
	@machine/docs

images: engine ## build all that are published
	@machine/build release

image/%: engine ## build one of them: base, scipy, tutorials, exec, ... (docker-bake.hcl)
	@machine/build $*

manifests: engine ## write down in docs/images/ what each image holds
	@machine/build release test
	@machine/manifests

push: engine ## say what would be published; do it with REALLY=1
	@machine/push $(if $(REALLY),--really)

lock: engine ## pin in requirements/ what images and tests install, where it is not yet
	@machine/lock

update: engine ## pin the newest of everything instead
	@machine/lock --upgrade

audit: image/test ## look the locks up in the database of known vulnerabilities
	@machine/audit

engine: ## prepare this machine: a Docker engine with buildx
	@machine/engine

stop: ## end what `make run` started
	@docker stop "$${NAME:-htc-notebook}" && docker rm "$${NAME:-htc-notebook}"

clean: ## remove the images that were built here
	@docker images --quiet --filter label=org.htcondor.htmap-version | sort -u | xargs -r docker rmi --force

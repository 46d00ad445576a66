# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The Python that runs Ansible: python3 when it is new enough, else the newest that is.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
# A second Python, with a newer ansible-core than Python 3.11 can have; empty where there is none.
NEWEST ?= $(shell for p in python3.14 python3.13 python3.12 $$(ls -rd $$HOME/.pyenv/versions/3.1[2-9]*/bin/python3 2>/dev/null); do \
	$$p -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && echo $$p && break; done)
# Other interpreters that hosts may have: sanity compiles and imports the modules with each that is here.
OTHERS := $(shell ls -d $$HOME/.pyenv/versions/3.*/bin 2>/dev/null | tr '\n' ':')
BUILD := $(CURDIR)/.build
ERLANG := erlang-base erlang-crypto erlang-eunit erlang-inets erlang-ssl erlang-tools rebar3
STATIC := ruff mypy ansible-lint docs changelog

export PATH := $(CURDIR)/.venv/bin:$(PATH)
export LC_ALL := C.UTF-8
export ANSIBLE_NOCOWS := 1

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

setup: .venv/.ready ## install what running the collection needs: .venv, Erlang/OTP

demo: setup sample ## deploy the sample releases over two providers on this machine
	@python tests/tools/demo.py run

demo-clean: .venv/.ready ## end what the demo started and remove its files
	@python tests/tools/demo.py clean

sample: setup ## build the sample releases
	@tests/sample/build.sh >/dev/null

test: tools sample $(if $(NEWEST),.venv-newest/.ready) ## run every gate and print one summary
	@python tests/tools/gates.py hosts molecule -- integration sample $(if $(NEWEST),newest-smoke) -- sanity $(STATIC) galaxy contract units $(if $(NEWEST),newest-units) operate

lint: tools ## ruff, mypy, ansible-lint, the documentation and the changelog
	@python tests/tools/gates.py $(STATIC)

format: tools ## let ruff mend and lay out the Python files
	@ruff check --quiet --fix --exit-zero . && ruff format .

sanity units integration hosts molecule: tools sample
	@python tests/tools/gates.py $@ $(if $(filter integration,$@),-- operate)

sanity: ## ansible-test sanity
units: ## the unit tests, as ansible-test runs them
integration: ## the tests on real nodes
hosts: ## the tests on real hosts of this machine, as root
molecule: ## Molecule's scenarios, on real hosts of this machine too

bench: .venv/.bench ## measure placement against other solvers
	@python tests/bench/placement.py

bench-tasks: sample ## count tasks and seconds from booted hosts to running nodes
	@python tests/bench/tasks.py

docs-providers: .venv/.ready ## write the page of what the providers can do
	@python tests/tools/provider_docs.py

clean: ## remove what was built, .venv too
	rm -rf .build .venv .venv-newest

# What is installed, once; the marks lie inside what they speak of, so they go with it.

define venv # $(1) folder, $(2) its Python, $(3) pip's arguments: makes or completes a virtual environment with the collection in it
test -x $(1)/bin/python || $(2) -m venv $(1)
$(1)/bin/python -m pip --disable-pip-version-check install --quiet $(3) >$(BUILD)/log/pip.log 2>&1 || { tail -n 15 $(BUILD)/log/pip.log >&2; exit 1; }
collections=$$($(1)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/ansible_collections/wombat; \
	mkdir -p $$collections; ln -sfn $(CURDIR) $$collections/erlang
endef

$(BUILD)/log:
	@mkdir -p $@

# An Erlang of the user's own is as good as Debian's. One call installs all, so that one answer tells what is missing.
$(BUILD)/packages: | $(BUILD)/log
	@test -n "$(PYTHON)" || { echo "Ansible needs Python 3.11 or newer and there is none on the PATH: install one, or name one by 'make PYTHON=/path/to/python3'." >&2; exit 1; }
	@{ command -v rebar3 && erl -noshell -eval 'halt(length([L || L <- [crypto, eunit, inets, ssl, tools], {error, _} <- [code:lib_dir(L)]]))'; } >/dev/null 2>&1 || erlang="$(ERLANG)"; \
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || venv=python3-venv; \
	tests/tools/packages "Erlang/OTP and rebar3 build and run the releases, python3-venv makes .venv" $$erlang $$venv
	@touch $@

.venv/.ready: requirements.txt | $(BUILD)/packages
	@echo "installing ansible-core and requirements.txt into .venv, with $$($(PYTHON) --version)"
	@$(call venv,.venv,$(PYTHON),'ansible-core>=2.19' -r requirements.txt)
	@touch $@

.venv/.tools: tests/requirements.txt tests/unit/requirements.txt .venv/.ready
	@echo "installing tests/requirements.txt into .venv"
	@$(call venv,.venv,$(PYTHON),-r tests/requirements.txt)
	@touch $@

.venv/.bench: tests/bench/placement_requirements.txt .venv/.ready
	@echo "installing $< into .venv"
	@$(call venv,.venv,$(PYTHON),-r $<)
	@touch $@

.venv-newest/.ready: requirements.txt tests/unit/requirements.txt | $(BUILD)/log
	@echo "installing the newest ansible-core into .venv-newest, with $$($(NEWEST) --version)"
	@$(call venv,.venv-newest,$(NEWEST),--upgrade ansible-core -r requirements.txt -r tests/unit/requirements.txt)
	@touch $@

tools: setup .venv/.tools
	@command -v git >/dev/null || tests/tools/packages "to tell the collection's files" git
	@command -v mix >/dev/null || tests/tools/packages "builds the sample release of Elixir" elixir

# The gates, one target each; tests/tools/gates.py runs them and keeps their logs.

# ansible-test wants the collection at a path of its own, in a repository that does not ignore it: a copy of what git knows.
COPY = $(BUILD)/$@/ansible_collections/wombat/erlang
define copy
@rm -rf $(BUILD)/$@ && mkdir -p $(COPY) && git init -q $(COPY)
@git ls-files -co --exclude-standard -z | xargs -0 ls -d 2>/dev/null | tar -c -T - | tar -x -C $(COPY)
@test -e $(COPY)/galaxy.yml
endef
# It also wants to download pip for its own virtual environments: in a home of its own it finds the interpreter's, and pip's usual settings.
ANSIBLE_TEST = @cd $(COPY) && HOME=$(BUILD)/home PATH="$(CURDIR)/.venv/bin:$(OTHERS)$$PATH" ansible-test

$(BUILD)/home:
	@mkdir -p $@/.config $@/.cache $@/.ansible/test/cache
	@ln -sfn $${XDG_CONFIG_HOME:-$$HOME/.config}/pip $@/.config/pip
	@ln -sfn $${XDG_CACHE_HOME:-$$HOME/.cache}/pip $@/.cache/pip
	@echo 'import subprocess, sys; subprocess.run([sys.executable, "-m", "ensurepip"], check=True)' >$@/.ansible/test/cache/get_pip_24_2.py

gate-ruff:
	ruff check .
	ruff format --check .

gate-mypy:
	$(copy)
	cd $(COPY) && MYPYPATH=$(BUILD)/$@ mypy --cache-dir $(BUILD)/mypy -p ansible_collections.wombat.erlang.plugins

gate-ansible-lint:
	ansible-lint --offline --nocolor

gate-docs:
	antsibull-docs lint-collection-docs --plugin-docs --disallow-unknown-collection-refs .

gate-changelog:
	antsibull-changelog lint

gate-galaxy:
	$(copy)
	cd $(COPY) && ansible-galaxy collection build --force --output-path $(BUILD)/$@
	cd $(BUILD)/$@ && GALAXY_IMPORTER_CONFIG=$(CURDIR)/tests/tools/galaxy-importer.cfg python -m galaxy_importer.main wombat-erlang-*.tar.gz >import.log 2>&1; cat import.log
	@grep -q 'completed successfully' $(BUILD)/$@/import.log && ! grep -qE '^(ERROR|WARNING)' $(BUILD)/$@/import.log

gate-sanity: | $(BUILD)/home
	$(copy)
	$(ANSIBLE_TEST) sanity --color no

gate-units: | $(BUILD)/home
	$(copy)
	$(ANSIBLE_TEST) units --color no --python $$(python -c 'import sys; print("%d.%d" % sys.version_info[:2])')

gate-sample:
	cd tests/sample && rebar3 eunit

# Families that are upgraded, moved, grown and shrunk: a gate of their own, so that no lane is much longer than the others.
OPERATE := $(patsubst %,tests/integration/test_%.py,upgrade scale_in rebalance kv_on_mnesia)

gate-integration:
	python -m pytest tests/integration -m 'not real_hosts' $(addprefix --ignore=,$(OPERATE)) --durations=25

gate-operate:
	python -m pytest $(OPERATE) --durations=25

gate-hosts:
	python -m pytest tests/integration -m real_hosts -rs --durations=25

# Scenarios of Molecule, each in the network of a lab of its own.
SCENARIOS ?= $(notdir $(patsubst %/,%,$(dir $(wildcard extensions/molecule/*/molecule.yml))))
gate-molecule:
	@if [ "$$(id -u)" -ne 0 ]; then echo "real hosts need root: not run: $(SCENARIOS)"; else tests/lab/lab image; tests/sample/mix/build.sh >/dev/null || exit 1; failed=; \
	for scenario in $(SCENARIOS); do \
		export WOMBAT_LAB=$(BUILD)/molecule/$$scenario/lab; rm -rf $(BUILD)/molecule/$$scenario/store; mkdir -p $$WOMBAT_LAB; \
		[ ! -f extensions/molecule/$$scenario/image ] || tests/lab/lab image $$(cat extensions/molecule/$$scenario/image); \
		tests/lab/lab run env PY_COLORS=0 ANSIBLE_FORCE_COLOR=0 molecule -c extensions/molecule/base.yml test -s $$scenario || failed="$$failed $$scenario"; \
		tests/lab/lab down; \
	done; test -z "$$failed" || { echo "failed:$$failed"; exit 1; }; fi

gate-contract:
	python -m pytest tests/contract

SMOKE := second_deploy_changes_nothing or what_one_web_node_writes

gate-newest-units:
	.venv-newest/bin/python -m pytest tests/unit

gate-newest-smoke:
	PATH=$(CURDIR)/.venv-newest/bin:$$PATH python -m pytest tests/integration/test_main_job.py -k "$(SMOKE)"

.PHONY: help setup demo demo-clean sample test lint format sanity units integration hosts molecule bench bench-tasks docs-providers clean tools

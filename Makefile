# The front door. On a fresh machine `make demo` and `make test` do all set-up themselves.

SWIFT_BUILD  = swift build
# One flag set per scratch path: changing flags in one path compiles everything again.
RELEASE      = --configuration release --static-swift-stdlib --scratch-path .build-release
RELEASE_BIN  = .build-release/release

.PHONY: help demo test check sanitize bench deb build release web setup-build setup-demo setup-test setup-bench setup-deb format clean

help:
	@echo 'make demo    a real etcd cluster, measured and shown; runs until Ctrl-C'
	@echo 'make test    every test'
	@echo 'make check   format, lint and the tests that need a minute'
	@echo 'make sanitize  the rooms'"'"' tests under the thread and address sanitizers (half an hour)'
	@echo 'make bench   figures, beside those of the peers'
	@echo 'make deb     both Debian packages, in dist/'

setup-build:
	@Tools/dev/setup.sh build
setup-demo:
	@Tools/dev/setup.sh build demo
setup-test:
	@Tools/dev/setup.sh build demo test

setup-bench:
	@Tools/dev/setup.sh build demo test bench
setup-deb:
	@Tools/dev/setup.sh build deb

web:
	@Aggregator/Dashboard/build.sh

build: setup-build
	@echo '· building (the first time: some minutes)'
	@$(SWIFT_BUILD)

release: setup-build
	@echo '· building for release (the first time: some minutes)'
	@$(SWIFT_BUILD) $(RELEASE) --product etcd-monitor-agent
	@$(SWIFT_BUILD) $(RELEASE) --product etcd-monitor-aggregator
	@$(SWIFT_BUILD) $(RELEASE) --product etcd-monitor

demo: setup-demo
	@$(MAKE) --no-print-directory web release
	@Tools/lab/run.sh Tools.lab.demo $(RELEASE_BIN)

test: setup-test
	@$(MAKE) --no-print-directory web
	@Tools/dev/test.sh

check: setup-test
	@Tools/dev/check.sh

sanitize: setup-test
	@Tools/dev/sanitize.sh

bench: setup-bench
	@$(MAKE) --no-print-directory web release
	@$(SWIFT_BUILD) $(RELEASE) --product etcd-monitor-swarm
	@$(SWIFT_BUILD) $(RELEASE) --product etcd-monitor-store-bench
	@Tools/lab/run.sh Tools.bench $(RELEASE_BIN)

deb: setup-deb
	@$(MAKE) --no-print-directory web release
	@packaging/build-deb.sh $(RELEASE_BIN)

format:
	@swift format -i -r -p Package.swift Shared Agent Aggregator Tools Tests

clean:
	rm -rf .build .build-release .build-tsan .build-asan .demo dist Aggregator/Dashboard/build Aggregator/Dashboard/dist

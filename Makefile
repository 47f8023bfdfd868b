# Weft: build, try, test. `make help` lists the targets. The work is done by build/*, in plain shell.
.DEFAULT_GOAL := build
.PHONY: build image chart demo test fuzz simulate bench-bgp bench-cni bench-jmh format resources clean help

# Everything that ends in a jar, or decides how; directories too, so that a deleted file counts.
MODULES := $(wildcard */pom.xml)
SOURCES := pom.xml $(MODULES) cni/weft.c build/plugin build/compile build/archive build/classes.list build/run-maven build/find-jdk build/find-maven weft \
  $(shell find $(wildcard $(MODULES:/pom.xml=/src/main)) -type f -o -type d)

build: dist/.built ## compile everything into dist/ (without tests), when a source has changed

dist/.built: $(SOURCES)
	@build/compile

image: dist/weft-image.tar ## an OCI image, dist/weft-image.tar, and its digest, without a container engine

dist/weft-image.tar: dist/.built build/image build/ImageLayout.java build/StoreJars.java
	@build/image

chart: ## a Helm chart of what is in deploy/, dist/weft-VERSION.tgz
	@build/chart

demo: dist/.built ## build, then run the two-rack lab on this machine's kernel (as root)
	@test "$$(id -u)" = 0 || { echo "make demo: the lab makes network namespaces: run it as root (sudo make demo)" >&2; exit 1; }
	@./weft lab run examples/two-racks.yaml

test: dist/.built ## every test: unit, property, lab, interoperability (as root: installs what they need)
	@build/test

fuzz: ## look for octets and events that break the decoder of BGP or a speaker, for SECONDS (300)
	@build/fuzz $(or $(SECONDS),300)

simulate: ## many seeds of a small simulated fabric with every fault: SEEDS (1000)
	@build/run-maven -q -am -pl simulation test -Dtest=FabricRunTest -Dsurefire.failIfNoSpecifiedTests=false \
	  -Dweft.simulation.seeds=$(or $(SEEDS),1000)

bench-bgp: dist/.built ## our reflector beside FRR's, with 100,000 routes; ARGS=--full for 1,000,000 (build/bench --help)
	@build/install-test-tools
	@build/bench $(ARGS)

bench-cni: dist/.built ## the CNI plugin beside the reference plugins: milliseconds of an ADD (as root)
	@build/install-test-tools
	@build/bench-cni $(ARGS)

bench-jmh: ## small benchmarks of codec, table and packing; ARGS go to JMH
	@build/bench-jmh $(ARGS)

format: ## format every source file
	@build/run-maven -q spotless:apply

clean: ## remove everything that was built
	@rm -rf dist target $(MODULES:/pom.xml=/target)

resources: build ## write deploy/crds and docs/resources.md again, after a change of the resources
	@"$$(build/find-jdk)/bin/java" -cp "dist/lib/*" io.weft.kubernetes.schema.ResourceFiles .

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

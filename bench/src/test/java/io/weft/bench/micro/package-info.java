/** Small benchmarks of what a route passes through, for JMH: {@code make bench-jmh}. */
@org.jspecify.annotations.NullMarked
package io.weft.bench.micro;

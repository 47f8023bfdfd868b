/**
 * The rules of the code base that a compiler does not know: purity of the modules that decide,
 * direction of the dependency arrows, names, lengths and package documentation. Each rule takes
 * compiled classes or source files and gives {@link io.weft.checks.Violation}s; its tests apply it
 * to every module and, so that it cannot pass by being blind, to a fixture that breaks it.
 */
@org.jspecify.annotations.NullMarked
package io.weft.checks;

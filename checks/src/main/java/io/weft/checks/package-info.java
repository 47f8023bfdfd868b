@org.jspecify.annotations.NullMarked
package io.weft.checks;

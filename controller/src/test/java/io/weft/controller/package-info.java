/** The controller against an API server that does what servers do. */
@org.jspecify.annotations.NullMarked
package io.weft.controller;

/**
 * What the resources look like from outside: tables of their fields, from which the
 * CustomResourceDefinitions and the reference for users are written. The readers decide what is
 * right; a test asks them about every field, so that the tables say the same.
 */
@org.jspecify.annotations.NullMarked
package io.weft.kubernetes.schema;

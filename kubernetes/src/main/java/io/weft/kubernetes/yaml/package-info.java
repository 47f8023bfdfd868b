/**
 * YAML files read strictly into typed values, every complaint with file, line and column; knows
 * nothing of resources, so that other files (a lab's topology) are read by the same classes.
 */
@org.jspecify.annotations.NullMarked
package io.weft.kubernetes.yaml;

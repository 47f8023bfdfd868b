package io.weft.kubernetes.intent;

import io.weft.kubernetes.resource.Declared;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * A resource in force.
 *
 * @param declared its last good version
 * @param files those that declare it now, whether well or badly
 */
record Standing(Declared declared, SortedSet<String> files) {
  Standing {
    files = Collections.unmodifiableSortedSet(new TreeSet<>(files));
  }
}

/** Fixtures: classes that break a rule on purpose, and one that breaks none. */
package io.weft.checks.broken;

package io.weft.lab.check;

/**
 * What a check found.
 *
 * @param detail for people: what was seen; when it does not hold, what was expected too
 */
public record CheckResult(String name, boolean ok, String detail) {}

package io.weft.checks;

import java.util.Optional;

/**
 * Something that a compiled class mentions.
 *
 * @param place the class and method that mention it; the class alone for what stands outside of
 *     code, such as a superclass or a field's type
 * @param type the mentioned class, as in {@code java.util.Map$Entry}
 * @param member the method or field of it that is used, if it is more than the type
 */
record Reference(String place, String type, Optional<Member> member) {
  /**
   * A member in use.
   *
   * @param name as in {@code iterator}
   * @param descriptor as in {@code ()Ljava/util/Iterator;}
   */
  record Member(String name, String descriptor) {}

  static Reference toType(String place, String type) {
    return new Reference(place, type, Optional.empty());
  }

  static Reference toMember(String place, String type, String name, String descriptor) {
    return new Reference(place, type, Optional.of(new Member(name, descriptor)));
  }
}

package io.weft.kubernetes.yaml;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * One YAML document of a file. Limits, beyond each of which a file is refused with its place: a
 * file has at most 1 MiB, nesting is at most 32 deep, and all aliases of a file together stand for
 * at most 10,000 nodes.
 *
 * @param root what it consists of
 * @param flaws well-formed YAML that is refused all the same: a key given twice, a key that is not
 *     text, a tag; they spoil this document only
 */
public record YamlDocument(YamlNode root, List<Flaw> flaws) {
  public static final int MAX_FILE_OCTETS = 1 << 20;
  public static final int MAX_DEPTH = 32;
  public static final int MAX_ALIASED_NODES = 10_000;

  /** What is wrong at a place, before it is known whose it is. */
  public record Flaw(Place place, String message) {}

  public YamlDocument {
    flaws = List.copyOf(flaws);
  }

  /** Never throws, whatever the text; {@code file} is for the messages. */
  public static YamlReading parse(String file, String text) {
    return text.length() > MAX_FILE_OCTETS ? tooLarge(file) : YamlComposer.compose(file, text);
  }

  /** As {@link #parse(String, String)}, from UTF-8 with or without byte order mark. */
  public static YamlReading parse(String file, byte[] octets) {
    if (octets.length > MAX_FILE_OCTETS) {
      return tooLarge(file);
    }
    var in = ByteBuffer.wrap(octets);
    var out = CharBuffer.allocate(octets.length);
    var result = StandardCharsets.UTF_8.newDecoder().decode(in, out, true);
    var text = out.flip().toString();
    if (result.isError()) {
      return new YamlReading.Unreadable(
          new Problem(placeAfter(file, text), "", "is not UTF-8; save the file as UTF-8"));
    }
    return parse(file, text.startsWith("\ufeff") ? text.substring(1) : text);
  }

  /**
   * Reads the document as one object; {@code read} takes the keys it knows, every other key is a
   * problem.
   *
   * @return empty when anything is wrong; {@code problems} then says what
   */
  public <T> Optional<T> read(Problems problems, Function<YamlObject, Optional<T>> read) {
    flaws.forEach(flaw -> problems.report(flaw.place(), flaw.message()));
    var value = YamlValue.present("the document", root, problems).object(read);
    return flaws.isEmpty() ? value : Optional.empty();
  }

  private static YamlReading tooLarge(String file) {
    return new YamlReading.Unreadable(
        new Problem(Place.of(file), "", "is larger than 1 MiB; split it into several files"));
  }

  /** The place of the first code point behind {@code text}. */
  static Place placeAfter(String file, String text) {
    int line = (int) text.chars().filter(c -> c == '\n').count();
    int start = text.lastIndexOf('\n') + 1;
    return new Place(file, line + 1, text.codePointCount(start, text.length()) + 1);
  }
}

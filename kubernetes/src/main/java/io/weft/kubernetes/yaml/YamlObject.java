package io.weft.kubernetes.yaml;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The keys of one object, asked for by name. It remembers what was asked for: the rest is unknown
 * to the reader and hence a problem. So ask for every key, whether or not another one excludes it.
 *
 * <pre>{@code
 * value.object(peer -> {
 *   var asn = peer.optional("asn").integer(1, 65535);
 *   return peer.required("address").word(IpAddress::parse).map(a -> new Peer(a, asn.orElse(65000L)));
 * });
 * }</pre>
 */
public final class YamlObject {
  private final YamlNode.Mapping mapping;
  private final Problems problems;
  private final Set<String> asked = new LinkedHashSet<>();

  YamlObject(YamlNode.Mapping mapping, Problems problems) {
    this.mapping = mapping;
    this.problems = problems;
  }

  public Place place() {
    return mapping.place();
  }

  /** The value of a key that need not be there. */
  public YamlValue optional(String key) {
    asked.add(key);
    return mapping
        .find(key)
        .map(entry -> YamlValue.present(key, entry.value(), problems))
        .orElseGet(() -> YamlValue.absent(key, place(), problems));
  }

  /** The value of a key that must be there; absence is a problem at the object's place. */
  public YamlValue required(String key) {
    var value = optional(key);
    if (!value.isPresent()) {
      report(place(), "'" + key + "' is missing; it is required");
    }
    return value;
  }

  /** The keys that are there, in the order of the file; for objects whose keys are free. */
  public List<String> keys() {
    return mapping.entries().stream().map(YamlNode.Entry::key).toList();
  }

  /** The place of a key; of the object where the key is absent. */
  public Place placeOf(String key) {
    return mapping.find(key).map(YamlNode.Entry::keyPlace).orElseGet(this::place);
  }

  public void report(Place place, String message) {
    problems.report(place, message);
  }

  void reportUnknownKeys() {
    for (var entry : mapping.entries()) {
      if (!asked.contains(entry.key())) {
        report(
            entry.keyPlace(),
            "unknown key '"
                + Spelling.shortened(entry.key())
                + "'"
                + Spelling.hint(entry.key(), unused()));
      }
    }
  }

  /** Keys that the user may have meant: those that are not there already. */
  private Set<String> unused() {
    var unused = new LinkedHashSet<>(asked);
    mapping.entries().forEach(entry -> unused.remove(entry.key()));
    return unused.isEmpty() ? asked : unused;
  }
}

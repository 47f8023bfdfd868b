package io.weft.agent.cni;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * One call, as the runtime made it.
 *
 * @param container {@code CNI_CONTAINERID}; empty where the verb has none
 * @param networkNamespace {@code CNI_NETNS}, a path; may be empty for DEL
 * @param interfaceName {@code CNI_IFNAME}; empty where the verb has none
 * @param arguments {@code CNI_ARGS}, by key
 * @param configuration what stood on standard input, an object
 */
record CniCall(
    CniVerb verb,
    CniVersion version,
    String name,
    String container,
    String networkNamespace,
    String interfaceName,
    SortedMap<String, String> arguments,
    JsonNode configuration) {
  /** What the plugin program says first; a change of the form changes it. */
  static final String GREETING = "weft-cni 1";

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Of containers and networks (CNI specification, § Parameters, § Network configuration). */
  private static final Pattern IDENTIFIER = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9_.-]*");

  private static final Pattern INTERFACE = Pattern.compile("[^\\s/:]{1,15}");

  /** The parts of a call before they are understood, so that an error can be told in any case. */
  record Raw(SortedMap<String, String> environment, String configuration) {
    /**
     * Reads what the plugin program sends: the greeting, variables, an empty one, the
     * configuration.
     *
     * @throws CniFailure when it is something else
     */
    static Raw read(byte[] octets) throws CniFailure {
      var environment = new TreeMap<String, String>();
      int at = 0;
      boolean greeted = false;
      for (int end = at; end < octets.length; end++) {
        if (octets[end] != 0) {
          continue;
        }
        var text = new String(octets, at, end - at, StandardCharsets.UTF_8);
        at = end + 1;
        if (!greeted) {
          greeted = text.equals(GREETING);
          if (!greeted) {
            break;
          }
        } else if (text.isEmpty()) {
          return new Raw(
              environment, new String(octets, at, octets.length - at, StandardCharsets.UTF_8));
        } else {
          int equals = Math.max(0, text.indexOf('='));
          environment.put(text.substring(0, equals), text.substring(equals + 1));
        }
      }
      throw new CniFailure(
          CniFailure.NOT_DECODED,
          "the plugin program and the agent do not fit together",
          "install the plugin again: weft cni install");
    }

    /** True when the program asks where the port is, to run another plugin there. */
    boolean asksForNamespace() {
      return !variable("WEFT_WITHIN").isEmpty();
    }

    private String variable(String name) {
      return environment.getOrDefault(name, "");
    }
  }

  /**
   * Understands a call.
   *
   * @throws CniFailure with what is wrong with it
   */
  static CniCall of(Raw raw) throws CniFailure {
    var verb =
        CniVerb.parse(raw.variable("CNI_COMMAND"))
            .orElseThrow(() -> environment("CNI_COMMAND", raw.variable("CNI_COMMAND")));
    var configuration = json(raw.configuration());
    var text = configuration.path("cniVersion").asText("0.1.0");
    var version = CniVersion.parse(text);
    if (verb == CniVerb.VERSION) {
      return new CniCall(
          verb, version.orElse(CniVersion.V1_1_0), "", "", "", "", new TreeMap<>(), configuration);
    }
    if (version.isEmpty() || !version.get().isAtLeast(verb.since())) {
      throw new CniFailure(
          CniFailure.INCOMPATIBLE_VERSION,
          "incompatible CNI versions",
          "%s with cniVersion \"%s\"; supported: %s"
              .formatted(verb, text, String.join(", ", CniVersion.texts())));
    }
    var name = configuration.path("name").asText("");
    if (!IDENTIFIER.matcher(name).matches()) {
      throw new CniFailure(
          CniFailure.INVALID_CONFIGURATION,
          "invalid network configuration",
          "'name' is missing or not of letters, digits, '_', '.' and '-': \"" + name + "\"");
    }
    if (verb.isOfAttachment()) {
      requireAttachment(verb, raw);
    }
    return new CniCall(
        verb,
        version.get(),
        name,
        raw.variable("CNI_CONTAINERID"),
        raw.variable("CNI_NETNS"),
        raw.variable("CNI_IFNAME"),
        arguments(raw.variable("CNI_ARGS")),
        configuration);
  }

  private static void requireAttachment(CniVerb verb, Raw raw) throws CniFailure {
    if (!IDENTIFIER.matcher(raw.variable("CNI_CONTAINERID")).matches()) {
      throw environment("CNI_CONTAINERID", raw.variable("CNI_CONTAINERID"));
    }
    var link = raw.variable("CNI_IFNAME");
    if (!INTERFACE.matcher(link).matches() || link.equals(".") || link.equals("..")) {
      throw environment("CNI_IFNAME", link);
    }
    if (verb != CniVerb.DEL && raw.variable("CNI_NETNS").isEmpty()) {
      throw environment("CNI_NETNS", "");
    }
  }

  private static CniFailure environment(String variable, String value) {
    return new CniFailure(
        CniFailure.INVALID_ENVIRONMENT,
        "invalid environment variable " + variable,
        value.isEmpty() ? variable + " is missing or empty" : variable + "=" + value);
  }

  private static JsonNode json(String text) throws CniFailure {
    try {
      var read = JSON.readTree(text);
      if (read != null && read.isObject()) {
        return read;
      }
      throw new CniFailure(
          CniFailure.NOT_DECODED, "the network configuration is not a JSON object", "");
    } catch (JsonProcessingException e) {
      var place = e.getLocation();
      throw new CniFailure(
          CniFailure.NOT_DECODED,
          "the network configuration is not JSON",
          "line %d, column %d: %s"
              .formatted(
                  place == null ? 1 : place.getLineNr(),
                  place == null ? 1 : place.getColumnNr(),
                  e.getOriginalMessage()));
    }
  }

  /** {@code KEY=VALUE;KEY=VALUE}. */
  private static SortedMap<String, String> arguments(String text) {
    var arguments = new TreeMap<String, String>();
    for (var pair : List.of(text.split(";", -1))) {
      int equals = pair.indexOf('=');
      if (equals > 0) {
        arguments.put(pair.substring(0, equals), pair.substring(equals + 1));
      }
    }
    return arguments;
  }

  /** The results of the plugins before this one. */
  Optional<JsonNode> previous() {
    var previous = configuration.path("prevResult");
    return previous.isObject() ? Optional.of(previous) : Optional.empty();
  }
}

package io.weft.agent.addresses;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.ipam.AddressBlock;
import io.weft.overlay.ipam.AddressClaim;
import io.weft.overlay.ipam.AddressClaim.Holder;
import io.weft.overlay.ipam.AddressRecord;
import io.weft.overlay.ipam.Stored;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Blocks and claims as documents of the form that Kubernetes has. */
public final class RecordJson {
  private static final String API_VERSION = "weft.io/v1alpha1";
  private static final ObjectMapper JSON = new ObjectMapper();

  private RecordJson() {}

  /** The document, with the version that it shall have. */
  public static ObjectNode document(AddressRecord record, String version) {
    var document = JsonNodeFactory.instance.objectNode().put("apiVersion", API_VERSION);
    document.put("kind", kind(record));
    document.putObject("metadata").put("name", record.name()).put("resourceVersion", version);
    var spec = document.putObject("spec").put("network", record.network());
    switch (record) {
      case AddressBlock block ->
          spec.put("prefix", block.prefix().toString()).put("node", block.node());
      case AddressClaim claim -> {
        var addresses = spec.putArray("addresses");
        claim.addresses().forEach(address -> addresses.add(address.toString()));
        spec.put("mac", claim.mac().toString());
        var holders = spec.putArray("holders");
        for (var holder : claim.holders()) {
          holders
              .addObject()
              .put("node", holder.node())
              .put("endpoint", holder.endpoint())
              .put("active", claim.active().filter(holder::equals).isPresent());
        }
      }
    }
    return document;
  }

  /** The kind of the record. */
  public static String kind(AddressRecord record) {
    return record instanceof AddressBlock ? "AddressBlock" : "AddressClaim";
  }

  static byte[] octets(ObjectNode document) throws IOException {
    return (JSON.writerWithDefaultPrettyPrinter().writeValueAsString(document) + "\n")
        .getBytes(StandardCharsets.UTF_8);
  }

  static JsonNode parse(byte[] octets) throws IOException {
    return JSON.readTree(octets);
  }

  /**
   * Reads a document.
   *
   * @throws IllegalArgumentException with what is wrong with it
   */
  public static Stored<?> read(JsonNode document) {
    var spec = document.path("spec");
    var network = text(spec, "network");
    AddressRecord record =
        switch (text(document, "kind")) {
          case "AddressBlock" ->
              new AddressBlock(network, IpPrefix.parse(text(spec, "prefix")), text(spec, "node"));
          case "AddressClaim" -> claim(text(document.path("metadata"), "name"), network, spec);
          default -> throw new IllegalArgumentException("it is neither block nor claim");
        };
    return new Stored<>(record, text(document.path("metadata"), "resourceVersion"));
  }

  private static AddressClaim claim(String name, String network, JsonNode spec) {
    var addresses = new ArrayList<IpAddress>();
    spec.path("addresses").forEach(address -> addresses.add(IpAddress.parse(address.asText())));
    if (addresses.isEmpty()) {
      throw new IllegalArgumentException("'addresses' is missing or empty");
    }
    var holders = new ArrayList<Holder>();
    Optional<Holder> active = Optional.empty();
    for (var each : spec.path("holders")) {
      var holder = new Holder(text(each, "node"), text(each, "endpoint"));
      if (each.path("active").asBoolean()) {
        if (active.isPresent()) {
          throw new IllegalArgumentException("two of its 'holders' are active");
        }
        active = Optional.of(holder);
      }
      holders.add(holder);
    }
    return new AddressClaim(
        name, network, addresses, mac(name, network, spec, addresses), holders, active);
  }

  /** Who claims by hand need not say one. */
  private static MacAddress mac(
      String name, String network, JsonNode spec, List<IpAddress> addresses) {
    return spec.has("mac")
        ? MacAddress.parse(text(spec, "mac"))
        : AddressPlan.mac(network, name, addresses);
  }

  private static String text(JsonNode node, String field) {
    var value = node.path(field);
    if (!value.isTextual() || value.asText().isEmpty()) {
      throw new IllegalArgumentException("'" + field + "' is missing or no text");
    }
    return value.asText();
  }
}

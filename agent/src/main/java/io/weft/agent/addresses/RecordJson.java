package io.weft.agent.addresses;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
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
        claim.holders().forEach(holder -> put(spec.withArray("holders"), holder));
        claim.active().ifPresent(holder -> spec.put("active", claim.holders().indexOf(holder)));
      }
    }
    return document;
  }

  /** The kind of the record. */
  public static String kind(AddressRecord record) {
    return record instanceof AddressBlock ? "AddressBlock" : "AddressClaim";
  }

  private static void put(ArrayNode holders, Holder holder) {
    holders.addObject().put("node", holder.node()).put("endpoint", holder.endpoint());
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
    var holders = new ArrayList<Holder>();
    spec.path("holders")
        .forEach(each -> holders.add(new Holder(text(each, "node"), text(each, "endpoint"))));
    return new AddressClaim(
        name,
        network,
        addresses,
        MacAddress.parse(text(spec, "mac")),
        holders,
        active(spec.path("active"), holders));
  }

  private static Optional<Holder> active(JsonNode index, List<Holder> holders) {
    if (index.isMissingNode()) {
      return Optional.empty();
    }
    int number = index.asInt(-1);
    if (number < 0 || number >= holders.size()) {
      throw new IllegalArgumentException("'active' is no index of 'holders': " + index);
    }
    return Optional.of(holders.get(number));
  }

  private static String text(JsonNode node, String field) {
    var value = node.path(field);
    if (!value.isTextual() || value.asText().isEmpty()) {
      throw new IllegalArgumentException("'" + field + "' is missing or no text");
    }
    return value.asText();
  }
}

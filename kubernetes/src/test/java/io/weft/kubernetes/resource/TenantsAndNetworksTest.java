package io.weft.kubernetes.resource;

import static io.weft.kubernetes.resource.ResourceText.good;
import static io.weft.kubernetes.resource.ResourceText.problems;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a Tenant and a Network may say of routing, targets, gateways and multicast. */
class TenantsAndNetworksTest {
  @Test
  void aTenantMayHaveAWayOut() {
    var tenant = "kind: Tenant\nmetadata: {name: red}\nspec: {egress: ";
    assertThat(((Tenant) good(tenant + "node}")).spec().egress()).isEqualTo(Tenant.Egress.NODE);
    assertThat(((Tenant) good(tenant + "cluster}")).spec().egress())
        .isEqualTo(Tenant.Egress.CLUSTER);
    assertThat(((Tenant) good(tenant + "none}")).spec()).isEqualTo(Tenant.TenantSpec.DEFAULT);
    assertThat(problems(tenant + "host}"))
        .containsExactly(
            "f.yaml:3:16: Tenant red: egress 'host' is not known; known: cluster, node, none");
  }

  @Test
  void aNetworkMayAdvertiseItsIpv6Gateway() {
    var network = "kind: Network\nmetadata: {name: web}\nspec: {tenant: red, gateway: true, ";
    assertThat(
            ((Network) good(network + "subnets: ['fd00::/64'], routerAdvertisements: addresses}"))
                .spec()
                .advertising())
        .isEqualTo(NetworkSpec.Advertising.ADDRESSES);
    assertThat(
            ((Network) good(network + "subnets: ['fd00::/64'], routerAdvertisements: none}"))
                .spec()
                .advertising())
        .isEqualTo(NetworkSpec.Advertising.NONE);
    assertThat(problems(network + "subnets: [10.0.0.0/24], routerAdvertisements: routes}"))
        .containsExactly(
            "f.yaml:3:82: Network web: an IPv6 gateway advertises itself, and this network has"
                + " none; give it a gateway and an IPv6 subnet, or remove routerAdvertisements");
    assertThat(problems(network + "subnets: ['fd00::/64'], routerAdvertisements: yes}"))
        .containsExactly(
            "f.yaml:3:82: Network web: routerAdvertisements 'yes' is not known; known: addresses,"
                + " none, routes");
  }

  @Test
  void multicastIsSnoopedWhereNoIpv6Is() {
    var network = "kind: Network\nmetadata: {name: web}\nspec: {subnets: ";
    assertThat(multicast(network + "[10.0.0.0/24]}")).isEqualTo(NetworkSpec.Multicast.SNOOPING);
    assertThat(multicast(network + "[10.0.0.0/24, 'fd00::/64']}"))
        .isEqualTo(NetworkSpec.Multicast.FLOOD);
    assertThat(multicast(network + "['fd00::/64'], multicast: selective}"))
        .isEqualTo(NetworkSpec.Multicast.SELECTIVE);
    assertThat(problems(network + "[10.0.0.0/24], multicast: all}"))
        .containsExactly(
            "f.yaml:3:43: Network web: multicast 'all' is not known; known: flood, selective,"
                + " snooping");
  }

  private static NetworkSpec.Multicast multicast(String text) {
    return ((Network) good(text)).spec().multicast();
  }

  @Test
  void aTenantMayHaveItsL3Vni() {
    assertThat(((Tenant) good("kind: Tenant\nmetadata: {name: red}\nspec: {l3vni: 5}")).spec())
        .isEqualTo(new Tenant.TenantSpec(Optional.of(new Vni(5))));
    assertThat(((Tenant) good("kind: Tenant\nmetadata: {name: red}")).spec().l3vni()).isEmpty();
    assertThat(problems("kind: Tenant\nmetadata: {name: red}\nspec: {vni: 5}"))
        .containsExactly(
            "f.yaml:3:8: Tenant red: unknown key 'vni'; known: l3vni, egress, routeTargets,"
                + " shares");
    assertThat(problems("kind: Tenant\nmetadata: {name: red}\nspec: {l3vni: 16777216}"))
        .containsExactly("f.yaml:3:15: Tenant red: l3vni 16777216 is out of 1..16777215");
  }

  @Test
  void aTenantMayHaveRouteTargets() {
    var spec =
        ((Tenant)
                good(
                    "kind: Tenant\nmetadata: {name: red}\nspec: {routeTargets: {import: ['*:5001',"
                        + " 4200000000:7, 10.0.0.1:7], export: [65000:5001]}}"))
            .spec();
    assertThat(spec.routeTargets().imports().toString())
        .isEqualTo("[*:5001, 4200000000:7, 10.0.0.1:7]");
    assertThat(spec.routeTargets().exports()).containsExactly(RouteTarget.parse("65000:5001"));
    assertThat(
            problems(
                "kind: Tenant\nmetadata: {name: red}\nspec:\n"
                    + "  routeTargets: {import: ['*5', '*:x'], export: ['*:5001', '65536:65536']}"))
        .containsExactly(
            "f.yaml:4:27: Tenant red: import: '*5' is not a route target; with any AS it is"
                + " *:number",
            "f.yaml:4:33: Tenant red: import: '*:x' is not a route target; with any AS it is"
                + " *:number",
            "f.yaml:4:50: Tenant red: export: '*:5001' is for import only: a route must carry an"
                + " AS; write one instead of *",
            "f.yaml:4:60: Tenant red: export: route target '65536:65536': with a 4-octet"
                + " administrator the number is 0..65535");
  }

  @Test
  void aNetworkMayHaveGateways() {
    assertThat(gateways("true")).containsExactly("192.168.1.1", "192.168.2.1", "fd00::1");
    assertThat(gateways("[\"fd00::fe\"]")).containsExactly("fd00::fe");
    assertThat(gateways("[192.168.2.254]")).containsExactly("192.168.2.254");
    assertThat(gateways("false")).isEmpty();
  }

  private static List<String> gateways(String value) {
    return ((Network) good(ROUTED + value))
        .spec().gateways().stream().map(Object::toString).toList();
  }

  private static final String ROUTED =
      """
      kind: Network
      metadata: {name: web}
      spec:
        tenant: red
        subnets: [192.168.1.0/24, 192.168.2.0/24, "fd00::/64"]
        gateway:\s\
      """;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          [10.0.0.1]                 | 13 | 10.0.0.1 is no host address of a subnet of the network: [192.168.1.0/24, 192.168.2.0/24, fd00::/64]
          [192.168.1.0]              | 13 | 192.168.1.0 is no host address of a subnet of the network: [192.168.1.0/24, 192.168.2.0/24, fd00::/64]
          [192.168.1.1, 192.168.1.2] | 26 | subnet 192.168.1.0/24 has a gateway already; remove 192.168.1.2
          """)
  void aWrongGatewayIsNamedWithItsPlace(String value, int column, String problem) {
    assertThat(problems(ROUTED + value))
        .containsExactly("f.yaml:6:" + column + ": Network web: gateway: " + problem);
  }

  @Test
  void aGatewayNeedsATenantAndRoom() {
    assertThat(problems(ROUTED.replace("  tenant: red\n", "") + "true"))
        .containsExactly(
            "f.yaml:5:12: Network web: a gateway routes within a tenant, and this network has none;"
                + " name one or remove the gateway");
    assertThat(problems(ROUTED.replaceFirst("subnets: .*", "subnets: [192.168.1.7/32]") + "true"))
        .containsExactly(
            "f.yaml:6:12: Network web: no subnet has room for a gateway; give one with two"
                + " addresses or more");
  }
}

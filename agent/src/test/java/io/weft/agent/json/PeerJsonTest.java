package io.weft.agent.json;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.bgp.PeerTransport;
import io.weft.agent.bgp.Secret;
import io.weft.bfd.BfdSettings;
import io.weft.bfd.BfdView;
import io.weft.bfd.BfdView.SessionView;
import io.weft.bfd.SessionState;
import io.weft.kubernetes.intent.IntentDirectory;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is told of a neighbour beside BGP. */
class PeerJsonTest {
  private static final String FABRIC =
      """
      kind: Fabric
      metadata: {name: default}
      spec:
        peers:
        - address: 192.0.2.1
          passwordFrom: {file: /etc/weft/tor.password}
          ttlSecurity: 1
          maximumPrefixes: {limit: 1000}
          import: in
          bfd: {}
        - range: 192.0.2.0/24
          shutdown: until two
        policies: [{name: in}]
      """;

  @TempDir private Path directory;

  private static String json(String text) throws Exception {
    return new ObjectMapper().readTree(text.replace('\'', '"')).toString();
  }

  @Test
  void eachNeighbourHasWhatHoldsForIt() throws Exception {
    Files.writeString(directory.resolve("fabric.yaml"), FABRIC);
    var fabric = IntentDirectory.load(directory).intent().fabric().spec();
    var one = PeerTransport.plain(IpPrefix.parse("192.0.2.1/32"));
    var range = PeerTransport.plain(IpPrefix.parse("192.0.2.0/24")).withBarred("no such file");
    var neighbour = IpAddress.parseWithZone("fe80::1%eth0");
    var onLink = PeerTransport.plain(new IpPrefix(neighbour, 128)).withMultihop(1);
    var session =
        new SessionView(
            BfdSettings.singleHop(
                IpAddress.parse("192.0.2.1"),
                IpAddress.parse("10.0.0.1"),
                Duration.ofMillis(100),
                3),
            SessionState.UP,
            SessionState.UP,
            0,
            0,
            1,
            2,
            100_000,
            300_000,
            0,
            0,
            3,
            0,
            0,
            1,
            0);
    var document =
        new PeerJson(
                fabric,
                List.of(range, onLink, one.withPassword(Secret.of("loom")).withTtlSecurity(1)),
                Optional.of(new BfdView(List.of(session), new TreeMap<>())))
            .addTo(
                (ObjectNode)
                    new ObjectMapper()
                        .readTree(
                            json(
                                """
                                {'peers':[{'address':'192.0.2.1'},{'address':'192.0.2.7'},
                                  {'address':'10.0.0.9'},{'address':'fe80::1%eth0'}]}
                                """)));
    assertThat(document.toString())
        .isEqualTo(
            json(
                """
                {'peers':[
                  {'address':'192.0.2.1','password':true,'ttlSecurity':1,'importPolicy':'in',
                   'maximumPrefixes':{'limit':1000,'warnPercent':75,'action':'close',
                     'restartSeconds':60},
                   'bfd':{'state':'UP','remoteState':'UP','multihop':false,'transmitMillis':100.0,
                     'detectionMillis':300.0,'multiplier':3,'timesDown':0}},
                  {'address':'192.0.2.7','password':false,'noSession':'no such file',
                   'shutdown':'until two'},
                  {'address':'10.0.0.9'},{'address':'fe80::1%eth0','password':false,'ttl':1}]}
                """));
  }
}

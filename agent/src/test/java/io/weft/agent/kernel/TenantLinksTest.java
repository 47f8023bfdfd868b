package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Rtnetlink;
import java.util.List;
import org.junit.jupiter.api.Test;

class TenantLinksTest {
  /** What notices say of a link while it is made, and while somebody sets it down and up again. */
  @Test
  void aNewLinkBeginsItsLifeDown() throws Exception {
    var namespaces = new TestNamespaces();
    try {
      var name = namespaces.create("tenant");
      Rtnetlink kernel = namespaces.links(name);
      var made = kernel.createBridge("br100", LinkSettings.NONE);
      int index = made.index();
      kernel.setLink(index, LinkSettings.UP);
      var up = kernel.link(index).orElseThrow();
      kernel.setLink(index, LinkSettings.NONE.withUp(false));
      var down = kernel.link(index).orElseThrow();

      var links = new TenantLinks();
      assertThat(links.goesDown(made)).as("made, and down yet").isFalse();
      assertThat(links.goesDown(up)).isFalse();
      assertThat(links.goesDown(down)).as("it was up").isTrue();
      assertThat(links.goesDown(down)).as("it is down already").isFalse();

      links.replace(List.of(up));
      assertThat(links.goesDown(down)).as("it was up at the last look").isTrue();
      links.replace(List.of(down));
      assertThat(links.goesDown(down)).as("it was down at the last look").isFalse();
    } finally {
      namespaces.close();
    }
  }
}

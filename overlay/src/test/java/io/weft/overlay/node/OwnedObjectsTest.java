package io.weft.overlay.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.FloodEntry;
import io.weft.overlay.forwarding.ForwardingPlan;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The keys of one owner in the plan. */
class OwnedObjectsTest {
  /** Comparing each with each takes a minute. */
  @Test
  @Timeout(30)
  void manyRowsAreReplacedWithoutComparingEachWithEach() {
    var owned = new OwnedObjects(new ForwardingPlan());
    var rows = new ArrayList<ForwardingObject>();
    for (int i = 0; i < Replication.MAX_ROWS; i++) {
      var vtep = IpAddress.parse("10.0.0.1").plus(i);
      rows.add(new FloodEntry("weft-red", new Vni(100), vtep, new Vni(100)));
    }
    for (int i = 0; i < 75; i++) {
      owned.replace(owned.keys(Kind.FLOOD), rows);
    }
    assertThat(owned.keys(Kind.FLOOD)).hasSize(rows.size());
    owned.replace(owned.keys(Kind.FLOOD), List.of());
    assertThat(owned.keys(Kind.FLOOD)).isEmpty();
  }
}

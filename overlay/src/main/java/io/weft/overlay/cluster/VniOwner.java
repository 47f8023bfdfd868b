package io.weft.overlay.cluster;

import io.weft.net.Vni;
import io.weft.net.VniRange;
import java.util.Optional;

/**
 * An object that has a VNI, as it was seen: a network, or a tenant with its L3 VNI.
 *
 * @param name unique among all owners: {@code Network/red-web}
 * @param uid of this object; another object of the same name, made later, has another
 * @param version of the object; what is written to it is refused when it has another by then
 * @param given the VNI that its spec gives; empty: one of the pool
 * @param pool that an automatic one is of
 * @param preferred of the pool, taken when it is free
 * @param status the VNI in its status, which nodes use
 */
public record VniOwner(
    String name,
    String uid,
    String version,
    Optional<Vni> given,
    VniRange pool,
    Vni preferred,
    Optional<Vni> status) {}

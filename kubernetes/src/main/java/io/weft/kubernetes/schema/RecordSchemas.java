package io.weft.kubernetes.schema;

import static io.weft.kubernetes.schema.Schema.Field.optional;
import static io.weft.kubernetes.schema.Schema.Field.required;

import io.weft.kubernetes.schema.KindSchema.Column;
import io.weft.kubernetes.schema.Schema.Choice;
import io.weft.kubernetes.schema.Schema.Fields;
import io.weft.kubernetes.schema.Schema.Rule;
import io.weft.kubernetes.schema.Schema.Text;
import java.util.List;

/** Kinds that Weft writes for itself; nobody asks for anything by them. */
final class RecordSchemas {
  private static final Fields NO_STATUS = Fields.of();

  private RecordSchemas() {}

  static List<KindSchema> all() {
    return List.of(
        vniClaim(), AddressSchemas.BLOCK, AddressSchemas.CLAIM, NodeStateSchema.NODE_STATE);
  }

  private static KindSchema vniClaim() {
    return new KindSchema(
        "VniClaim",
        List.of(),
        "Whose a VNI is. Its name is the VNI, and a name is given once: so no VNI is two's. Written"
            + " by the controller; do not edit.",
        Fields.of(
            required(
                "owner",
                Fields.of(
                    required("kind", new Choice(List.of("Network", "Tenant")), "Its kind."),
                    required("name", Fieldset.NAME, "Its name."),
                    required("uid", new Text("", 64, "UID"), "Its metadata.uid.")),
                "The network whose VNI it is, or the tenant whose L3 VNI."),
            optional(
                "releasedAt",
                new Text("", 64, "RFC 3339 time"),
                "Since when its owner has it no more; it is removed 600 s later.")),
        true,
        NO_STATUS,
        new Rule(
            "self.metadata.name.matches('^[1-9][0-9]{0,7}$') && int(self.metadata.name) <="
                + " 16777215",
            "the name is a VNI: 1 to 16777215"),
        List.of(
            new Column("Kind", "string", ".spec.owner.kind"),
            new Column("Owner", "string", ".spec.owner.name"),
            new Column("Released", "date", ".spec.releasedAt")));
  }
}

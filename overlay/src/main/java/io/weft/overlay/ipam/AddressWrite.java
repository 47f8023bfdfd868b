package io.weft.overlay.ipam;

/** A change of one record, which takes effect as a whole or not at all. */
public sealed interface AddressWrite {
  /** The record that shall be, or that shall go. */
  AddressRecord record();

  /** Refused when there is one of its kind and name. */
  record Create(AddressRecord record) implements AddressWrite {}

  /**
   * Refused when the record is gone or has another version by now.
   *
   * @param version of the one that it takes the place of
   */
  record Replace(AddressRecord record, String version) implements AddressWrite {}

  /** Refused when the record is gone or has another version by now. */
  record Remove(AddressRecord record, String version) implements AddressWrite {}

  /** What came of it. */
  sealed interface Outcome {
    record Done() implements Outcome {}

    /** Somebody else was first; what there is now was told before. */
    record Refused() implements Outcome {}

    /** The store could not be asked; whether it took effect is not known. */
    record Failed(String reason) implements Outcome {}
  }
}

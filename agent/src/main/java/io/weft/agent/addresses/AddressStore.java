package io.weft.agent.addresses;

import io.weft.overlay.ipam.AddressState;
import io.weft.overlay.ipam.AddressWrite;
import java.io.IOException;
import java.util.List;

/**
 * Where the nodes keep blocks and claims together: a directory, or the API of Kubernetes. One
 * thread at a time calls it.
 */
public interface AddressStore extends AutoCloseable {
  /** Records of both kinds together at most; a creation beyond fails. */
  int MAX_RECORDS = 10_000;

  /**
   * Of these, claims: whoever may start pods makes them, and blocks, which all pods live on, must
   * have room beside them.
   */
  int MAX_CLAIMS = MAX_RECORDS / 2;

  /**
   * All that it holds. Whatever this process has written before is in it.
   *
   * @throws IOException with the place and the reason, when it cannot be read as a whole
   */
  AddressState read() throws IOException;

  /**
   * Carries out one change, of which either everything or nothing is there afterwards, whenever the
   * process or the machine stops; lasting when this returns.
   *
   * @return false when it was refused, because the record was there already or is another by now
   * @throws IOException when it failed; whether it took effect is not known
   */
  boolean write(AddressWrite write) throws IOException;

  /** True when {@link #read} may give something else than it last did. */
  boolean mayHaveChanged() throws IOException;

  /** True when what {@link #read} gave last is a copy, because the store does not answer. */
  default boolean isCopy() {
    return false;
  }

  /**
   * What is wrong with it although it can be read, a line each: records that are not used, for
   * example. Any thread may ask.
   */
  default List<String> problems() {
    return List.of();
  }

  @Override
  void close() throws IOException;
}

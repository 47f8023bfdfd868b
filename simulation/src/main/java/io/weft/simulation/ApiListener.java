package io.weft.simulation;

/** Hears what a client of the {@link ApiServer} sees. */
interface ApiListener {
  /** Something of what it sees has changed. */
  void seen();

  /** The server does not answer. */
  void away();
}

package io.weft.overlay.forwarding;

/**
 * One object for all that are equal, where many brains live in one process and want much the same.
 * What is given away is immutable.
 */
public interface Sharing {
  /** For a brain that is alone: it shares with nobody. */
  Sharing NONE =
      new Sharing() {
        @Override
        public <T> T of(T value) {
          return value;
        }

        @Override
        public ForwardingKey key(ForwardingKey key) {
          return key;
        }

        @Override
        public ForwardingObject of(ForwardingKey key, ForwardingObject object) {
          return object;
        }
      };

  /** The value, or the equal one that was here first. */
  <T> T of(T value);

  /** The key, or the equal one of an object that was given to {@link #of} with it. */
  ForwardingKey key(ForwardingKey key);

  /** The same for the object under a key, without a look at more than the key. */
  ForwardingObject of(ForwardingKey key, ForwardingObject object);
}

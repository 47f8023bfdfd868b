package io.weft.kubernetes.api;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** Certificates and keys as the JDK's TLS takes them. */
final class TlsContext {
  private static final char[] NO_PASSWORD = {};
  private static final byte[] SAMPLE = {'w', 'e', 'f', 't'};

  private TlsContext() {}

  /**
   * A context of its own, also for the sessions that it resumes: one of before might be resumed
   * without a look at the server's certificate, or as whoever we were then.
   *
   * @throws GeneralSecurityException when there is no certificate, or the key is another's
   */
  static SSLContext of(Credentials.Tls tls) throws GeneralSecurityException, IOException {
    var context = SSLContext.getInstance("TLS");
    context.init(keys(tls), trust(tls.authorities()), null);
    return context;
  }

  private static KeyManager @Nullable [] keys(Credentials.Tls tls)
      throws GeneralSecurityException, IOException {
    if (tls.certificate().isEmpty()) {
      return null;
    }
    var certificates = certificates(tls.certificate().get(), "the client certificate");
    var key = Pem.privateKey(tls.key().orElse(""));
    requirePair(key, certificates.getFirst());
    var store = emptyStore();
    store.setKeyEntry("client", key, NO_PASSWORD, certificates.toArray(Certificate[]::new));
    var factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(store, NO_PASSWORD);
    return factory.getKeyManagers();
  }

  private static TrustManager @Nullable [] trust(Optional<String> authorities)
      throws GeneralSecurityException, IOException {
    if (authorities.isEmpty()) {
      return null;
    }
    var store = emptyStore();
    var certificates = certificates(authorities.get(), "the certificate authority");
    for (int i = 0; i < certificates.size(); i++) {
      store.setCertificateEntry("authority-" + i, certificates.get(i));
    }
    var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return factory.getTrustManagers();
  }

  /** As where a file has been truncated and is about to be written. */
  private static List<Certificate> certificates(String text, String what)
      throws GeneralSecurityException {
    var certificates = Pem.certificates(text);
    if (certificates.isEmpty()) {
      throw new GeneralSecurityException("there is no certificate in the text of " + what);
    }
    return certificates;
  }

  /** Two files are exchanged one after the other: in between the server would refuse us. */
  private static void requirePair(PrivateKey key, Certificate certificate)
      throws GeneralSecurityException {
    var algorithm = key.getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA";
    if (!key.getAlgorithm().equals(certificate.getPublicKey().getAlgorithm())) {
      throw another();
    }
    var signing = Signature.getInstance(algorithm);
    signing.initSign(key);
    signing.update(SAMPLE);
    var signed = signing.sign();
    var verifying = Signature.getInstance(algorithm);
    verifying.initVerify(certificate.getPublicKey());
    verifying.update(SAMPLE);
    if (!verifying.verify(signed)) {
      throw another();
    }
  }

  private static GeneralSecurityException another() {
    return new GeneralSecurityException("the client key is not that of the client certificate");
  }

  private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
    var store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }
}

package io.weft.kubernetes.api;

import io.weft.kubernetes.api.ApiAccess.Identity;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** The HTTP client of an access: its TLS, and the token at the moment of a call. */
final class Transport implements AutoCloseable {
  private static final Duration CONNECT = Duration.ofSeconds(5);
  private static final char[] NO_PASSWORD = {};

  private final Identity identity;
  private final HttpClient http;

  /**
   * Reads certificates and keys.
   *
   * @throws IOException when they cannot be used, with the reason
   */
  Transport(ApiAccess access) throws IOException {
    this.identity = access.identity();
    boolean secure = access.server().getScheme().equals("https");
    var builder =
        HttpClient.newBuilder()
            .connectTimeout(CONNECT)
            .version(secure ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER);
    if (secure) {
      try {
        builder.sslContext(tls(access));
      } catch (GeneralSecurityException e) {
        throw new IOException("certificates or key for " + access.server() + ": " + reason(e), e);
      }
    }
    this.http = builder.build();
  }

  private static String reason(GeneralSecurityException e) {
    return String.valueOf(e.getMessage());
  }

  HttpClient http() {
    return http;
  }

  /** The token to send; read again for each call, for the kubelet exchanges the file. */
  Optional<String> token() throws IOException {
    return switch (identity) {
      case Identity.Token(var token) -> Optional.of(token);
      case Identity.TokenFile(var file) -> Optional.of(Files.readString(file).strip());
      case Identity.Anonymous _, Identity.ClientCertificate _ -> Optional.empty();
    };
  }

  private static SSLContext tls(ApiAccess access) throws GeneralSecurityException, IOException {
    var context = SSLContext.getInstance("TLS");
    context.init(keys(access.identity()), trust(access.authorities()), null);
    return context;
  }

  private static KeyManager @Nullable [] keys(Identity identity)
      throws GeneralSecurityException, IOException {
    if (!(identity instanceof Identity.ClientCertificate(var certificate, var key))) {
      return null;
    }
    var store = emptyStore();
    store.setKeyEntry(
        "client",
        Pem.privateKey(key),
        NO_PASSWORD,
        Pem.certificates(certificate).toArray(Certificate[]::new));
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
    var certificates = Pem.certificates(authorities.get());
    for (int i = 0; i < certificates.size(); i++) {
      store.setCertificateEntry("authority-" + i, certificates.get(i));
    }
    var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return factory.getTrustManagers();
  }

  private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
    var store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}

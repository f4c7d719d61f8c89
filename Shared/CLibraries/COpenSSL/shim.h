#pragma once
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static inline long cossl_bio_mem_data(BIO *_Nonnull b, char *_Nullable *_Nonnull p) { return BIO_get_mem_data(b, p); }
static inline void cossl_free(void *_Nullable p) { OPENSSL_free(p); }
static inline EVP_PKEY *_Nullable cossl_ec_gen(const char *_Nonnull curve) { return EVP_EC_gen(curve); }

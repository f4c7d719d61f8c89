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
static inline int cossl_names_count(const GENERAL_NAMES *_Nonnull names) { return sk_GENERAL_NAME_num(names); }
static inline GENERAL_NAME *_Nullable cossl_names_at(const GENERAL_NAMES *_Nonnull names, int i) { return sk_GENERAL_NAME_value(names, i); }
static inline int cossl_name_type(const GENERAL_NAME *_Nonnull name) { return name->type; }
static inline void cossl_names_free(GENERAL_NAMES *_Nullable names) { sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free); }
static inline const ASN1_STRING *_Nullable cossl_name_string(const GENERAL_NAME *_Nonnull name) {
    return name->type == GEN_DNS ? name->d.dNSName : name->type == GEN_IPADD ? name->d.iPAddress : NULL;
}

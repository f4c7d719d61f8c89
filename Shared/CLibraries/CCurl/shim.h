#pragma once
#include <curl/curl.h>

typedef size_t (*ccurl_data_cb)(char *_Nullable, size_t, size_t, void *_Nullable);
typedef int (*ccurl_debug_cb)(CURL *_Nonnull, curl_infotype, char *_Nullable, size_t, void *_Nullable);

static inline CURLcode ccurl_setopt_long(CURL *_Nonnull h, CURLoption o, long v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode ccurl_setopt_off(CURL *_Nonnull h, CURLoption o, curl_off_t v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode ccurl_setopt_str(CURL *_Nonnull h, CURLoption o, const char *_Nullable v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode ccurl_setopt_ptr(CURL *_Nonnull h, CURLoption o, const void *_Nullable v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode ccurl_setopt_slist(CURL *_Nonnull h, CURLoption o, struct curl_slist *_Nullable v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode ccurl_setopt_data_cb(CURL *_Nonnull h, CURLoption o, ccurl_data_cb _Nullable v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode ccurl_setopt_debug_cb(CURL *_Nonnull h, ccurl_debug_cb _Nullable v) { return curl_easy_setopt(h, CURLOPT_DEBUGFUNCTION, v); }
static inline CURLcode ccurl_setopt_copied_blob(CURL *_Nonnull h, CURLoption o, const void *_Nonnull data, size_t size) {
    struct curl_blob blob = {(void *)data, size, CURL_BLOB_COPY};
    return curl_easy_setopt(h, o, &blob);
}
static inline CURLcode ccurl_getinfo_long(CURL *_Nonnull h, CURLINFO i, long *_Nonnull v) { return curl_easy_getinfo(h, i, v); }
static inline CURLcode ccurl_getinfo_off(CURL *_Nonnull h, CURLINFO i, curl_off_t *_Nonnull v) { return curl_easy_getinfo(h, i, v); }
static inline CURLMcode ccurl_multi_setopt_long(CURLM *_Nonnull m, CURLMoption o, long v) { return curl_multi_setopt(m, o, v); }
static inline CURLcode ccurl_msg_result(const CURLMsg *_Nonnull m) { return m->data.result; }
static inline CURLSHcode ccurl_share_data(CURLSH *_Nonnull s, curl_lock_data v) { return curl_share_setopt(s, CURLSHOPT_SHARE, v); }

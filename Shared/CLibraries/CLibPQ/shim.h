#pragma once
#include <libpq-fe.h>

static inline char *_Nullable clibpq_result_field(const PGresult *_Nullable r, char code) { return PQresultErrorField(r, code); }

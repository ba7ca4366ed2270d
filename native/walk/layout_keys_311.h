/* Dict tables from 3.11 on: two kinds of entries, and a header that tells which. */

static inline bool ol_keys_unicode(const PyDictKeysObject *keys) { return keys->dk_kind != DICT_KEYS_GENERAL; }
static inline size_t ol_keys_index_bytes(const PyDictKeysObject *keys) {
  return (size_t)1 << keys->dk_log2_index_bytes;
}
static inline size_t ol_keys_usable_entries(const PyDictKeysObject *keys) {
  return (size_t)(keys->dk_usable + keys->dk_nentries);
}
static inline size_t ol_keys_entry_bytes(const PyDictKeysObject *keys) {
  return ol_keys_unicode(keys) ? sizeof(PyDictUnicodeEntry) : sizeof(PyDictKeyEntry);
}
static inline Py_ssize_t ol_keys_count(const PyDictKeysObject *keys) { return keys->dk_nentries; }
static inline const char *ol_keys_entries(const PyDictKeysObject *keys) {
  return (const char *)keys->dk_indices + ol_keys_index_bytes(keys);
}
static inline PyObject *ol_keys_key(const PyDictKeysObject *keys, Py_ssize_t i) {
  return ol_keys_unicode(keys) ? ((const PyDictUnicodeEntry *)ol_keys_entries(keys))[i].me_key
                               : ((const PyDictKeyEntry *)ol_keys_entries(keys))[i].me_key;
}
static inline PyObject *ol_keys_value(const PyDictKeysObject *keys, Py_ssize_t i) {
  return ol_keys_unicode(keys) ? ((const PyDictUnicodeEntry *)ol_keys_entries(keys))[i].me_value
                               : ((const PyDictKeyEntry *)ol_keys_entries(keys))[i].me_value;
}
/* Does dict_traverse show the keys? */
static inline bool ol_keys_shown(const PyDictKeysObject *keys) { return !ol_keys_unicode(keys); }

static inline size_t ol_preheader_bytes(PyTypeObject *type) { return _PyType_PreHeaderSize(type); }

/* From 3.11 on an opcode's cache stands in the code itself. */
static inline void ol_code_caches(const PyCodeObject *code, uint64_t *blocks, uint64_t *native_bytes) {
  (void)code, (void)blocks, (void)native_bytes;
}

/* A security key in software, as OpenSSH's middleware interface wants one (PROTOCOL.u2f): the key is a file, every touch is given
 * at once. The cryptography is that of the openssl program, so that nothing but a C compiler is needed to build it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION 0x000a0000
#define ED25519 1
#define UNSUPPORTED (-2)
#define GENERAL (-1)

struct enroll_response {
    uint8_t flags;
    uint8_t *public_key;
    size_t public_key_len;
    uint8_t *key_handle;
    size_t key_handle_len;
    uint8_t *signature;
    size_t signature_len;
    uint8_t *attestation_cert;
    size_t attestation_cert_len;
    uint8_t *authdata;
    size_t authdata_len;
};

struct sign_response {
    uint8_t flags;
    uint32_t counter;
    uint8_t *sig_r;
    size_t sig_r_len;
    uint8_t *sig_s;
    size_t sig_s_len;
};

uint32_t sk_api_version(void) { return VERSION; }

/* Runs a script in the folder of a key. */
static int run(const char *folder, const char *script) {
    char command[4096];
    int length = snprintf(command, sizeof command, "cd '%s' && { %s; } 2>/dev/null", folder, script);
    return length > 0 && (size_t)length < sizeof command && system(command) == 0 ? 0 : GENERAL;
}

static int put(const char *folder, const char *name, const void *bytes, size_t length) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (!file) return GENERAL;
    size_t written = fwrite(bytes, 1, length, file);
    return fclose(file) == 0 && written == length ? 0 : GENERAL;
}

static uint8_t *get(const char *folder, const char *name, size_t length) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    uint8_t *bytes = calloc(1, length);
    FILE *file = fopen(path, "rb");
    if (file && fread(bytes, 1, length, file) != length) memset(bytes, 0, length);
    if (file) fclose(file);
    return bytes;
}

int sk_enroll(uint32_t algorithm, const uint8_t *challenge, size_t challenge_len, const char *application, uint8_t flags,
              const char *pin, void **options, struct enroll_response **response) {
    (void)challenge, (void)challenge_len, (void)application, (void)pin, (void)options;
    const char *folder = getenv("SECURITY_KEY_FOLDER");
    if (algorithm != ED25519) return UNSUPPORTED;
    if (!folder || run(folder, "openssl genpkey -algorithm ed25519 -out sk.pem && "
                               "openssl pkey -in sk.pem -pubout -outform DER | tail -c 32 >sk.public"))
        return GENERAL;
    struct enroll_response *made = calloc(1, sizeof *made);
    made->flags = flags;
    made->public_key = get(folder, "sk.public", 32);
    made->public_key_len = 32;
    made->key_handle = (uint8_t *)strdup(folder);
    made->key_handle_len = strlen(folder);
    made->signature = calloc(1, 64);
    made->signature_len = 64;
    *response = made;
    return 0;
}

int sk_sign(uint32_t algorithm, const uint8_t *data, size_t data_len, const char *application, const uint8_t *key_handle,
            size_t key_handle_len, uint8_t flags, const char *pin, void **options, struct sign_response **response) {
    (void)pin, (void)options;
    char folder[512];
    if (algorithm != ED25519 || key_handle_len >= sizeof folder) return UNSUPPORTED;
    memcpy(folder, key_handle, key_handle_len);
    folder[key_handle_len] = 0;
    uint8_t between[5] = {flags, 0, 0, 0, 7};
    if (put(folder, "sk.data", data, data_len) || put(folder, "sk.application", application, strlen(application)) ||
        put(folder, "sk.between", between, sizeof between) ||
        run(folder, "{ openssl dgst -sha256 -binary sk.application; cat sk.between; openssl dgst -sha256 -binary sk.data; } "
                    ">sk.signed && openssl pkeyutl -sign -inkey sk.pem -rawin -in sk.signed -out sk.signature && "
                    "echo touched >>sk.touches"))
        return GENERAL;
    struct sign_response *made = calloc(1, sizeof *made);
    made->flags = flags;
    made->counter = 7;
    made->sig_r = get(folder, "sk.signature", 64);
    made->sig_r_len = 64;
    *response = made;
    return 0;
}

int sk_load_resident_keys(const char *pin, void **options, void ***keys, size_t *count) {
    (void)pin, (void)options, (void)keys, (void)count;
    return UNSUPPORTED;
}

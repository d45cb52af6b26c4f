// A plugin of qemu-user (interface version 1) that counts how often each instruction is executed.
// Its interface is declared here, so that no header of qemu is needed. Prints one line per executed
// address to standard error when the guest ends: address and count, both decimal.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t, void (*)(uint64_t, struct qemu_plugin_tb *));
void qemu_plugin_register_atexit_cb(uint64_t, void (*)(uint64_t, void *), void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, int, void *, uint64_t);

int qemu_plugin_version = 1;

// The guests' text lies within these bounds.
#define FIRST 0x200000u
#define HALFWORDS (1u << 16)
static uint64_t counts[HALFWORDS];

static void translated(uint64_t id, struct qemu_plugin_tb *block) {
  (void)id;
  for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
    struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
    uint64_t at = (qemu_plugin_insn_vaddr(insn) - FIRST) / 2;
    if (at >= HALFWORDS) abort();
    qemu_plugin_register_vcpu_insn_exec_inline(insn, 0, &counts[at], 1);
  }
}

static void ended(uint64_t id, void *nothing) {
  (void)id, (void)nothing;
  for (uint64_t at = 0; at < HALFWORDS; at++)
    if (counts[at]) fprintf(stderr, "%llu %llu\n", (unsigned long long)(FIRST + 2 * at),
                            (unsigned long long)counts[at]);
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv) {
  (void)info, (void)argc, (void)argv;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_atexit_cb(id, ended, NULL);
  return 0;
}

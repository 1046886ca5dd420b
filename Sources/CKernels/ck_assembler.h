/* Writes x86-64 machine code: the few instructions that a translated group needs, on AVX2 or AVX-512 registers.

   Vector instructions are encoded with VEX (256 bits, 16 registers) or EVEX (512 bits, 32 registers); operation codes are the
   same in both. See Intel's manual, volume 2, sections 2.3 and 2.7. */
#ifndef CK_ASSEMBLER_H
#define CK_ASSEMBLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
  uint8_t *code; /* the start of the block: constants, then code */
  size_t size, capacity;
  bool wide;     /* AVX-512 */
  bool doubles;  /* of f64 instead of f32 */
  bool is_full;  /* something did not fit; what was written is not to be used */
} assembler;

/* General registers by number. */
enum { RAX = 0, RCX, RDX, RBX, RSP, RBP, RSI, RDI };

/* The last operand of a vector instruction. */
typedef struct {
  enum { IN_REGISTER, AT_INDEX, AT_DISTANCE, IN_BLOCK } place;
  int32_t number;   /* the vector register, or the general register that holds the address */
  int32_t distance; /* AT_DISTANCE: bytes from that address; IN_BLOCK: from the start of the code block; AT_INDEX: vectors */
  int32_t element_bytes; /* AT_INDEX: 1, 4 or 8 */
} location;

static inline location in_register(int number) { return (location){IN_REGISTER, number, 0, 0}; }
/* As many elements as a vector register has lanes: element rax of those at the address, and a few vectors on. */
static inline location at_index(int number, int32_t vectors, int32_t element_bytes) {
  return (location){AT_INDEX, number, vectors, element_bytes};
}
static inline location at_distance(int number, int32_t distance) { return (location){AT_DISTANCE, number, distance, 0}; }
static inline location in_block(int32_t distance) { return (location){IN_BLOCK, 0, distance, 0}; }

/* How the instruction for doubles differs from that for floats: the bit W, and prefix 66 in the first map; the next code; half the
   length, of elements that are half as long. And what is of half the length for both. */
enum { OF_FLOATS = 0, WIDE_ELEMENTS = 1, NEXT_CODE = 2, HALF_VECTOR = 4, EVER_HALF = 8 };

/* A vector instruction: escape map (1: 0F, 2: 0F38, 3: 0F3A), prefix (1: 66, 2: F3), operation code, and how it differs for doubles. */
typedef struct {
  uint8_t map, prefix, code, for_doubles;
} operation;

static const operation V_LOAD = {1, 0, 0x10, WIDE_ELEMENTS}, V_STORE = {1, 0, 0x11, WIDE_ELEMENTS}, V_SQRT = {1, 0, 0x51, WIDE_ELEMENTS},
                       V_ADD = {1, 0, 0x58, WIDE_ELEMENTS}, V_MUL = {1, 0, 0x59, WIDE_ELEMENTS}, V_SUB = {1, 0, 0x5C, WIDE_ELEMENTS},
                       V_MIN = {1, 0, 0x5D, WIDE_ELEMENTS}, V_DIV = {1, 0, 0x5E, WIDE_ELEMENTS}, V_MAX = {1, 0, 0x5F, WIDE_ELEMENTS},
                       V_COMPARE = {1, 0, 0xC2, WIDE_ELEMENTS}, V_AND = {1, 1, 0xDB, WIDE_ELEMENTS}, V_OR = {1, 1, 0xEB, WIDE_ELEMENTS},
                       V_XOR = {1, 1, 0xEF, WIDE_ELEMENTS}, V_BLEND_MASKED = {2, 1, 0x65, WIDE_ELEMENTS},
                       V_ROUND = {3, 1, 0x08, WIDE_ELEMENTS | NEXT_CODE}, V_BLEND_VECTOR = {3, 1, 0x4A, NEXT_CODE},
                       V_FIX_UP = {3, 1, 0x54, WIDE_ELEMENTS}, V_WIDEN_BYTES = {2, 1, 0x31, HALF_VECTOR},
                       V_FLOAT_FROM_WHOLE = {1, 0, 0x5B, OF_FLOATS}, V_DOUBLE_FROM_WHOLE = {1, 2, 0xE6, OF_FLOATS},
                       V_DOUBLE_FROM_FLOAT = {1, 0, 0x5A, OF_FLOATS};

/* From lanes to bytes: AVX-512's own store of each lane's last byte; without it, the upper half, then whole numbers of half the length
   twice, which stay between the least and the greatest, and 8 or 4 bytes of them stored. */
static const operation V_STORE_LAST_BYTES = {2, 2, 0x31, NEXT_CODE}, V_UPPER_HALF = {3, 1, 0x39, OF_FLOATS},
                       V_NARROW_TO_16 = {1, 1, 0x6B, EVER_HALF}, V_NARROW_TO_8 = {1, 1, 0x63, EVER_HALF},
                       V_ABS_BYTES = {2, 1, 0x1C, EVER_HALF}, V_STORE_8_BYTES = {1, 1, 0xD6, EVER_HALF},
                       V_STORE_4_BYTES = {1, 1, 0x7E, EVER_HALF};

static inline void put_byte(assembler *a, int byte) {
  if (a->size < a->capacity) {
    a->code[a->size++] = (uint8_t)byte;
  } else {
    a->is_full = true;
  }
}

static inline void put_bytes(assembler *a, const char *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) put_byte(a, (uint8_t)bytes[i]);
}

static inline void put_int32(assembler *a, int32_t value) {
  for (int shift = 0; shift < 32; shift += 8) put_byte(a, (int)((uint32_t)value >> shift) & 0xFF);
}

/* destination, source and register locations are vector registers (mask registers where the instruction wants them). With a mask
   (AVX-512, 1 to 7) only lanes it selects are written; the others become 0 if `zeroing`. immediate: -1 for none. */
static inline void put_masked(assembler *a, operation op, int destination, int source, location last, int mask, bool zeroing,
                              int immediate) {
  const bool is_register = last.place == IN_REGISTER;
  const int base = last.place == IN_BLOCK ? 0 : last.number;
  const int not_r = ~destination >> 3 & 1, not_b = ~base >> 3 & 1;
  /* The index register is rax; the bit of it serves as the fifth of a vector register's number. */
  const int not_x = is_register ? ~base >> 4 & 1 : 1;
  const int differs = a->doubles ? op.for_doubles : OF_FLOATS;
  const int w = differs & WIDE_ELEMENTS ? 1 : 0, prefix = w && op.map == 1 ? 1 : op.prefix;
  const int length = (a->wide ? 2 : 1) - (differs & HALF_VECTOR || op.for_doubles & EVER_HALF ? 1 : 0);
  if (a->wide) {
    put_byte(a, 0x62);
    put_byte(a, not_r << 7 | not_x << 6 | not_b << 5 | (~destination >> 4 & 1) << 4 | op.map);
    put_byte(a, w << 7 | (~source & 15) << 3 | 1 << 2 | prefix);
    put_byte(a, zeroing << 7 | length << 5 | (~source >> 4 & 1) << 3 | mask);
  } else {
    put_byte(a, 0xC4);
    put_byte(a, not_r << 7 | 1 << 6 | not_b << 5 | op.map);
    put_byte(a, w << 7 | (~source & 15) << 3 | length << 2 | prefix);
  }
  put_byte(a, op.code + (differs & NEXT_CODE ? 1 : 0));
  const int reg = (destination & 7) << 3;
  switch (last.place) {
    case IN_REGISTER:
      put_byte(a, 0xC0 | reg | (base & 7));
      break;
    case AT_INDEX: {
      /* A short distance; EVEX counts it in vectors. rbp and r13 as a base need one. */
      const bool has_distance = last.distance != 0 || (base & 7) == RBP;
      put_byte(a, (has_distance ? 0x40 : 0) | reg | 4);
      put_byte(a, (last.element_bytes == 8 ? 3 : last.element_bytes == 4 ? 2 : 0) << 6 | RAX << 3 | (base & 7));
      if (has_distance) put_byte(a, a->wide ? last.distance : last.distance * (a->doubles ? 4 : 8) * last.element_bytes);
      break;
    }
    case AT_DISTANCE:
      put_byte(a, 0x80 | reg | (base & 7));
      put_int32(a, last.distance);
      break;
    case IN_BLOCK:
      put_byte(a, reg | 5);
      put_int32(a, last.distance - (int32_t)(a->size + 4 + (immediate >= 0)));
      break;
  }
  if (immediate >= 0) put_byte(a, immediate);
}

static inline void put(assembler *a, operation op, int destination, int source, location last) {
  put_masked(a, op, destination, source, last, 0, false, -1);
}

/* Second bytes of jumps' codes, after something that gave zero or not. */
enum { JUMP_IF_ZERO = 0x84, JUMP_IF_NOT_ZERO = 0x85 };

/* A jump that is yet to be aimed; returns its end. */
static inline size_t put_jump(assembler *a, int condition) {
  put_byte(a, 0x0F);
  put_byte(a, condition);
  put_int32(a, 0);
  return a->size;
}

static inline void aim_jump(assembler *a, size_t end_of_jump, size_t target) {
  const int32_t distance = (int32_t)((int64_t)target - (int64_t)end_of_jump);
  if (!a->is_full) memcpy(a->code + end_of_jump - sizeof distance, &distance, sizeof distance);
}

/* Instructions that do nothing up to the next multiple of `bytes`. */
static inline void align_code(assembler *a, size_t bytes) {
  while (a->size % bytes != 0 && !a->is_full) {
    if (bytes - a->size % bytes >= 8) {
      put_bytes(a, "\x0F\x1F\x84\0\0\0\0\0", 8);
    } else {
      put_byte(a, 0x90);
    }
  }
}

/* number <- the 8 bytes at base + distance */
static inline void put_load_address(assembler *a, int number, int base, int32_t distance) {
  put_byte(a, 0x48 | (number >> 3) << 2 | base >> 3);
  put_byte(a, 0x8B);
  put_byte(a, 0x80 | (number & 7) << 3 | (base & 7));
  put_int32(a, distance);
}

#endif

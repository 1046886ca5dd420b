/* Convolution by oneDNN: all calls of its convolution interface are here.

   Activations are plain channels-last arrays; the kernel is reordered into the layout that the chosen code asks for, once a run. Images, and
   where there are few of them lines of the output, are worked on in fixed chunks, so that bits do not depend on the number of threads. All
   objects are made once; a run sets addresses. */
#include "ck_internal.h"

#include <dnnl.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CHUNKS = 16, MOST_REORDERS = 8 };
static const double WORK_PER_CHUNK = 4e6;
/* Each chunk reads the whole kernel: with fewer positions than this it would wait for memory. */
static const int64_t POSITIONS_PER_CHUNK = 14;
static const int64_t REORDERED_BYTES = 1 << 18;

/* A call of a primitive with memory objects of its own, so that calls can run side by side. */
typedef struct {
  dnnl_primitive_t primitive;
  dnnl_stream_t stream;
  dnnl_memory_t memory[4]; /* source, kernel, destination, scratchpad */
  dnnl_exec_arg_t arguments[4];
  int64_t in, out; /* bytes in front of what it reads and writes of the activations */
} call;

typedef struct {
  ck_windows windows;
  int32_t part;
  int axes; /* how many of the spatial axes are there: the last ones */
  dnnl_engine_t engine;
  int64_t chunks, reorder_count;
  call calls[MOST_CHUNKS];
  call reorders[MOST_REORDERS]; /* of the kernel, some filters each: before for activations, after for the kernel's own derivative */
  void *kernel; /* in oneDNN's layout; for the derivative, one for each chunk */
  size_t kernel_bytes, kernel_stride;
  void *scratchpads[MOST_CHUNKS];
} library;

static void *aligned(size_t bytes) {
  void *memory = NULL;
  if (posix_memalign(&memory, 64, bytes ? (bytes + 63) / 64 * 64 : 64)) return NULL;
  memset(memory, 0, bytes);
  return memory;
}

static void free_call(call *c) {
  for (int k = 0; k < 4; k++)
    if (c->memory[k]) dnnl_memory_destroy(c->memory[k]);
  if (c->stream) dnnl_stream_destroy(c->stream);
  if (c->primitive) dnnl_primitive_destroy(c->primitive);
  *c = (call){0};
}

static void free_library(library *l) {
  if (!l) return;
  for (int k = 0; k < MOST_CHUNKS; k++) {
    free_call(&l->calls[k]);
    free(l->scratchpads[k]);
  }
  for (int k = 0; k < MOST_REORDERS; k++) free_call(&l->reorders[k]);
  free(l->kernel);
  if (l->engine) dnnl_engine_destroy(l->engine);
  free(l);
}

void ck_fast_convolution_free(ck_fast_convolution *conv) {
  free_library(conv->library);
  conv->library = NULL;
}

/* MARK: descriptions */

static int axes_of(const ck_windows *w) {
  for (int k = 0; k < 2; k++)
    if (w->in[k] != 1 || w->out[k] != 1 || w->window[k] != 1) return 3 - k;
  return 1;
}

static dnnl_status_t describe_activations(dnnl_memory_desc_t *d, int axes, int64_t images, const int64_t *size, int64_t channels) {
  static const dnnl_format_tag_t tags[] = {dnnl_nwc, dnnl_nhwc, dnnl_ndhwc};
  dnnl_dims_t dims = {images, channels};
  for (int k = 0; k < axes; k++) dims[2 + k] = size[3 - axes + k];
  return dnnl_memory_desc_init_by_tag(d, 2 + axes, dims, dnnl_f32, tags[axes - 1]);
}

/* Ours: [window, channels / groups, filters] with the groups side by side among the filters. */
static dnnl_status_t describe_kernel(dnnl_memory_desc_t *d, const ck_windows *w, int axes, bool any) {
  static const dnnl_format_tag_t plain[] = {dnnl_wio, dnnl_hwio, dnnl_dhwio};
  const int64_t channels = w->in_channels / w->groups, filters = w->out_channels / w->groups;
  const int grouped = w->groups > 1;
  dnnl_dims_t dims = {w->groups, filters, channels};
  dnnl_dims_t strides = {filters, 1, w->out_channels};
  int64_t stride = channels * w->out_channels;
  for (int k = axes - 1; k >= 0; k--) {
    dims[3 + k] = w->window[3 - axes + k];
    strides[3 + k] = stride;
    stride *= dims[3 + k];
  }
  const dnnl_dim_t *first = dims + (grouped ? 0 : 1);
  const int rank = 2 + axes + grouped;
  if (any) return dnnl_memory_desc_init_by_tag(d, rank, first, dnnl_f32, dnnl_format_tag_any);
  if (!grouped) return dnnl_memory_desc_init_by_tag(d, rank, first, dnnl_f32, plain[axes - 1]);
  return dnnl_memory_desc_init_by_strides(d, rank, first, dnnl_f32, strides);
}

/* MARK: primitives */

/* What a primitive is made for: `images` of such windows, with the kernel in that layout, or in any if it is NULL. */
typedef struct {
  ck_windows windows;
  int64_t images;
  const dnnl_memory_desc_t *kernel;
} piece;

static dnnl_status_t make_descriptor(dnnl_primitive_desc_t *result, const library *l, const piece *p, dnnl_primitive_desc_t hint) {
  const ck_windows *w = &p->windows;
  const int axes = l->axes, skip = 3 - axes;
  dnnl_memory_desc_t in, out, kernel;
  dnnl_dims_t strides, dilates, low, high;
  for (int k = 0; k < axes; k++) {
    const int a = skip + k;
    strides[k] = w->stride[a];
    dilates[k] = w->dilation[a] - 1;
    low[k] = w->low[a];
    high[k] = (w->out[a] - 1) * w->stride[a] + (w->window[a] - 1) * w->dilation[a] + 1 - w->in[a] - w->low[a];
  }
  dnnl_status_t status = describe_activations(&in, axes, p->images, w->in, w->in_channels);
  if (status == dnnl_success) status = describe_activations(&out, axes, p->images, w->out, w->out_channels);
  if (status == dnnl_success && p->kernel) {
    kernel = *p->kernel;
  } else if (status == dnnl_success) {
    status = describe_kernel(&kernel, w, axes, true);
  }
  if (status != dnnl_success) return status;
  dnnl_convolution_desc_t description;
  const int part = hint ? l->part : CK_CONV_OUTPUT;
  if (part == CK_CONV_OUTPUT) {
    status = dnnl_dilated_convolution_forward_desc_init(
      &description, dnnl_forward_training, dnnl_convolution_direct, &in, &kernel, NULL, &out, strides, dilates, low, high);
  } else if (part == CK_CONV_INPUT) {
    status = dnnl_dilated_convolution_backward_data_desc_init(
      &description, dnnl_convolution_direct, &in, &kernel, &out, strides, dilates, low, high);
  } else {
    status = dnnl_dilated_convolution_backward_weights_desc_init(
      &description, dnnl_convolution_direct, &in, &kernel, NULL, &out, strides, dilates, low, high);
  }
  if (status != dnnl_success) return status;
  dnnl_primitive_attr_t attributes;
  status = dnnl_primitive_attr_create(&attributes);
  if (status != dnnl_success) return status;
  status = dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
  if (status == dnnl_success) status = dnnl_primitive_desc_create(result, &description, attributes, l->engine, hint);
  dnnl_primitive_attr_destroy(attributes);
  return status;
}

/* The part's descriptor; the derivatives want that of the convolution itself first. */
static dnnl_status_t descriptor(dnnl_primitive_desc_t *result, const library *l, const piece *p) {
  dnnl_primitive_desc_t forward;
  dnnl_status_t status = make_descriptor(&forward, l, p, NULL);
  if (status != dnnl_success) return status;
  if (l->part == CK_CONV_OUTPUT) {
    *result = forward;
    return dnnl_success;
  }
  status = make_descriptor(result, l, p, forward);
  dnnl_primitive_desc_destroy(forward);
  return status;
}

/* oneDNN's plain loops are slower than windows and a matrix product. */
static bool is_plain_loop(const_dnnl_primitive_desc_t d) {
  const char *name = NULL;
  return dnnl_primitive_desc_query(d, dnnl_query_impl_info_str, 0, &name) != dnnl_success || !name || strstr(name, "ref");
}

static bool make_call(library *l, int index, dnnl_primitive_desc_t d) {
  static const int names[3][3] = {
    {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST},
    {DNNL_ARG_DIFF_DST, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_SRC},
    {DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST},
  };
  call *c = &l->calls[index];
  if (dnnl_primitive_create(&c->primitive, d) != dnnl_success) return false;
  if (dnnl_stream_create(&c->stream, l->engine, dnnl_stream_default_flags) != dnnl_success) return false;
  for (int k = 0; k < 3; k++) {
    const dnnl_memory_desc_t *m = dnnl_primitive_desc_query_md(d, dnnl_query_exec_arg_md, names[l->part][k]);
    if (!m || dnnl_memory_create(&c->memory[k], m, l->engine, DNNL_MEMORY_NONE) != dnnl_success) return false;
    c->arguments[k] = (dnnl_exec_arg_t){names[l->part][k], c->memory[k]};
  }
  const dnnl_memory_desc_t *pad = dnnl_primitive_desc_query_md(d, dnnl_query_scratchpad_md, 0);
  l->scratchpads[index] = aligned(dnnl_memory_desc_get_size(pad));
  if (!l->scratchpads[index]) return false;
  if (dnnl_memory_create(&c->memory[3], pad, l->engine, l->scratchpads[index]) != dnnl_success) return false;
  c->arguments[3] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, c->memory[3]};
  return true;
}

static bool make_reorder(library *l, call *c, const dnnl_memory_desc_t *plain, const dnnl_memory_desc_t *chosen) {
  const bool is_back = l->part == CK_CONV_KERNEL;
  dnnl_primitive_desc_t d;
  if (dnnl_reorder_primitive_desc_create(&d, is_back ? chosen : plain, l->engine, is_back ? plain : chosen, l->engine, NULL) != dnnl_success)
    return false;
  const bool made = dnnl_primitive_create(&c->primitive, d) == dnnl_success
    && dnnl_stream_create(&c->stream, l->engine, dnnl_stream_default_flags) == dnnl_success
    && dnnl_memory_create(&c->memory[0], is_back ? chosen : plain, l->engine, DNNL_MEMORY_NONE) == dnnl_success
    && dnnl_memory_create(&c->memory[1], is_back ? plain : chosen, l->engine, DNNL_MEMORY_NONE) == dnnl_success;
  c->arguments[0] = (dnnl_exec_arg_t){DNNL_ARG_FROM, c->memory[0]};
  c->arguments[1] = (dnnl_exec_arg_t){DNNL_ARG_TO, c->memory[1]};
  dnnl_primitive_desc_destroy(d);
  return made;
}

/* A large kernel's filters are reordered side by side, as many threads as there are. */
static bool make_reorders(library *l, const dnnl_memory_desc_t *plain, const dnnl_memory_desc_t *chosen) {
  const int64_t filters = l->windows.out_channels, blocks = (filters + 63) / 64;
  const int64_t wanted = ck_min64((int64_t)l->kernel_bytes / REORDERED_BYTES, ck_min64(blocks, MOST_REORDERS));
  if (wanted > 1 && l->windows.groups == 1) {
    const int64_t step = (blocks + wanted - 1) / wanted * 64;
    bool made = true;
    for (int64_t first = 0; made && first < filters; first += step) {
      dnnl_dims_t dims, offsets = {first};
      memcpy(dims, plain->dims, sizeof dims);
      dims[0] = ck_min64(step, filters - first);
      dnnl_memory_desc_t from, to;
      made = dnnl_memory_desc_init_submemory(&from, plain, dims, offsets) == dnnl_success
        && dnnl_memory_desc_init_submemory(&to, chosen, dims, offsets) == dnnl_success
        && make_reorder(l, &l->reorders[l->reorder_count++], &from, &to);
    }
    if (made) return true;
    /* A layout that cannot be cut there. */
    for (int64_t k = 0; k < l->reorder_count; k++) free_call(&l->reorders[k]);
  }
  l->reorder_count = 1;
  return make_reorder(l, &l->reorders[0], plain, chosen);
}

/* Some lines of the output, and the lines of the input that they read; false if they read none. */
static bool cut_lines(const ck_windows *w, int axis, int64_t first, int64_t last, ck_windows *lines, int64_t *first_read) {
  const int64_t start = first * w->stride[axis] - w->low[axis];
  const int64_t end = (last - 1) * w->stride[axis] - w->low[axis] + (w->window[axis] - 1) * w->dilation[axis] + 1;
  const int64_t from = ck_max64(start, 0), to = ck_min64(end, w->in[axis]);
  if (from >= to) return false;
  *lines = *w;
  lines->in[axis] = to - from;
  lines->out[axis] = last - first;
  lines->low[axis] = from - start;
  *first_read = from;
  return true;
}

/* oneDNN 2.6 writes past its scratchpad where it gathers every stride-th pixel of channels that do not fill a vector, for the kernel's
   derivative of a 1x1 convolution. */
static bool overruns_scratchpad(const library *l) {
  const ck_windows *w = &l->windows;
  const bool is_pixel = w->window[0] * w->window[1] * w->window[2] == 1, is_strided = w->stride[0] * w->stride[1] * w->stride[2] > 1;
  return l->part == CK_CONV_KERNEL && is_pixel && is_strided && (w->in_channels / w->groups) % 16 != 0;
}

/* In how many chunks the lines of an image are worked on. */
static int64_t line_chunks(const library *l, int64_t images, double wanted) {
  if (l->part != CK_CONV_OUTPUT) return 1;
  const int64_t *out = l->windows.out, positions = out[0] * out[1] * out[2];
  const int64_t most = ck_min64(MOST_CHUNKS / images, ck_min64((int64_t)(wanted / (double)images), positions / POSITIONS_PER_CHUNK));
  return ck_max64(1, ck_min64(most, out[3 - l->axes]));
}

static bool make(library *l, bool cuts_images) {
  const ck_windows *w = &l->windows;
  if (overruns_scratchpad(l)) return false;
  if (dnnl_engine_create(&l->engine, dnnl_cpu, 0) != dnnl_success) return false;
  const double positions = (double)(w->out[0] * w->out[1] * w->out[2]), elements = (double)(w->window[0] * w->window[1] * w->window[2]);
  const double work = 2 * (double)w->batch * positions * elements * (double)(w->in_channels / w->groups) * (double)w->out_channels;
  const double wanted = work / WORK_PER_CHUNK;
  const int64_t chunks = ck_max64(1, ck_min64(w->batch, wanted > MOST_CHUNKS ? MOST_CHUNKS : (int64_t)wanted));
  const int64_t images = (w->batch + chunks - 1) / chunks, axis = 3 - l->axes;
  const int64_t cuts = cuts_images && images == 1 ? line_chunks(l, w->batch, wanted) : 1, lines = (w->out[axis] + cuts - 1) / cuts;
  int64_t in_line = w->in_channels * 4, out_line = w->out_channels * 4;
  for (int64_t k = axis + 1; k < 3; k++) {
    in_line *= w->in[k];
    out_line *= w->out[k];
  }
  dnnl_memory_desc_t plain, chosen;
  if (describe_kernel(&plain, w, l->axes, false) != dnnl_success) return false;
  const int kernel_name = l->part == CK_CONV_KERNEL ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS;
  for (int64_t image = 0; image < w->batch; image += images) {
    for (int64_t line = 0; line < w->out[axis]; line += lines) {
      /* All chunks share the reordered kernel. */
      piece p = {.windows = *w, .images = ck_min64(images, w->batch - image)};
      if (l->part == CK_CONV_OUTPUT && l->chunks > 0) p.kernel = &chosen;
      int64_t first_read = 0;
      if (cuts > 1 && !cut_lines(w, (int)axis, line, ck_min64(line + lines, w->out[axis]), &p.windows, &first_read)) return false;
      dnnl_primitive_desc_t d;
      if (descriptor(&d, l, &p) != dnnl_success) return false;
      const dnnl_memory_desc_t *m = dnnl_primitive_desc_query_md(d, dnnl_query_exec_arg_md, kernel_name);
      bool made = m && !is_plain_loop(d);
      if (made && l->chunks == 0) chosen = *m;
      made = made && dnnl_memory_desc_equal(m, &chosen) && make_call(l, (int)l->chunks, d);
      dnnl_primitive_desc_destroy(d);
      if (!made) return false;
      call *c = &l->calls[l->chunks++];
      c->in = (image * w->in[axis] + first_read) * in_line;
      c->out = (image * w->out[axis] + line) * out_line;
    }
  }
  l->kernel_bytes = dnnl_memory_desc_get_size(&chosen);
  l->kernel_stride = (l->kernel_bytes + 63) / 64 * 64;
  l->kernel = aligned(l->kernel_stride * (size_t)(l->part == CK_CONV_KERNEL ? l->chunks : 1));
  return l->kernel && make_reorders(l, &plain, &chosen);
}

bool ck_fast_convolution_make(ck_fast_convolution *conv, const ck_windows *windows, int32_t part) {
#if defined(__x86_64__)
  /* oneDNN fixes the number of threads when a primitive is made. */
  ck_single_threaded_libraries();
  library *l = NULL;
  /* Where oneDNN has nothing for some lines of an image, it may have for all. */
  for (int whole = 0; whole < 2 && !l; whole++) {
    l = calloc(1, sizeof *l);
    if (!l) return false;
    l->windows = *windows;
    l->part = part;
    l->axes = axes_of(windows);
    if (make(l, !whole)) break;
    free_library(l);
    l = NULL;
  }
  if (!l) return false;
  conv->library = l;
  conv->shares = l->chunks;
  conv->begin_shares = part != CK_CONV_KERNEL ? l->reorder_count : 0;
  conv->end_shares = part == CK_CONV_KERNEL ? l->reorder_count : 0;
  conv->finish_shares = part == CK_CONV_KERNEL && l->chunks > 1 ? ck_max64(1, ck_min64(8, (int64_t)l->kernel_bytes / 65536)) : 0;
  return true;
#else
  (void)conv, (void)windows, (void)part;
  return false;
#endif
}

/* MARK: running */

static void set(dnnl_memory_t memory, const void *address) {
  if (dnnl_memory_set_data_handle(memory, (void *)address) != dnnl_success) abort();
}

/* The number of threads that oneDNN finds must be the one it was made for: any thread may be the one that calls. */
static void execute(const call *c, int count) {
  ck_single_threaded_libraries();
  if (dnnl_primitive_execute(c->primitive, c->stream, count, c->arguments) != dnnl_success) abort();
  if (dnnl_stream_wait(c->stream) != dnnl_success) abort();
}

void ck_fast_convolution_begin(void *context, long share) {
  const ck_fast_convolution *conv = context;
  const library *l = conv->library;
  set(l->reorders[share].memory[0], conv->b);
  set(l->reorders[share].memory[1], l->kernel);
  execute(&l->reorders[share], 2);
}

void ck_fast_convolution_run(void *context, long share) {
  const ck_fast_convolution *conv = context;
  const library *l = conv->library;
  const call *c = &l->calls[share];
  switch (l->part) {
    case CK_CONV_OUTPUT:
      set(c->memory[0], (const char *)conv->a + c->in);
      set(c->memory[1], l->kernel);
      set(c->memory[2], (char *)conv->c + c->out);
      break;
    case CK_CONV_INPUT:
      set(c->memory[0], (const char *)conv->a + c->out);
      set(c->memory[1], l->kernel);
      set(c->memory[2], (char *)conv->c + c->in);
      break;
    default:
      set(c->memory[0], (const char *)conv->a + c->in);
      set(c->memory[1], (char *)l->kernel + (size_t)share * l->kernel_stride);
      set(c->memory[2], (const char *)conv->b + c->out);
  }
  execute(c, 4);
}

void ck_fast_convolution_finish(void *context, long share) {
  const ck_fast_convolution *conv = context;
  library *l = conv->library;
  const int64_t count = (int64_t)(l->kernel_bytes / 4);
  const int64_t first = count * share / conv->finish_shares, last = count * (share + 1) / conv->finish_shares;
  float *sum = l->kernel;
  for (int64_t part = 1; part < l->chunks; part++) {
    const float *more = (const float *)((const char *)l->kernel + (size_t)part * l->kernel_stride);
    for (int64_t i = first; i < last; i++) sum[i] += more[i];
  }
}

void ck_fast_convolution_end(void *context, long share) {
  const ck_fast_convolution *conv = context;
  const library *l = conv->library;
  set(l->reorders[share].memory[0], l->kernel);
  set(l->reorders[share].memory[1], conv->c);
  execute(&l->reorders[share], 2);
}

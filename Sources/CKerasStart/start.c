#include "CKerasStart.h"

// Swift has no code that runs when a module is loaded.
__attribute__((constructor)) static void start(void) { descent_register_keras_formats(); }

#ifndef DESCENT_KERAS_START_H
#define DESCENT_KERAS_START_H

// Of the module KerasFiles: makes its kinds of files known.
void descent_register_keras_formats(void);

#endif

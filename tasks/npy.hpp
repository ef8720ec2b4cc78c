#pragma once
#include <string>

#include "tasks/array.hpp"

namespace mlz::tasks {

/// Reads an array in the NPY format of NumPy, versions 1 to 3, C or Fortran order, either byte
/// order: b1 u1 u2 u4 u8 i1 i2 i4 i8 f2 f4 f8. u1 stays bytes; i1 i2 u2 i4 become int32; b1 f2 f4
/// become f32; the others f64, where whole numbers above 2^53 are rounded. Throws InputError for
/// what cannot be read, is not NPY, is shorter or longer than its header says, is empty, or would
/// take more than 4 GiB. Memory grows with what is read, not with what the header promises.
Array read_npy(const std::string& path);

/// Reads one array of an NPZ file (a ZIP archive of NPY files, stored or deflated): its name
/// without
/// ".npy". Throws InputError, which names the arrays there are when there is none of that name.
Array read_npz(const std::string& path, const std::string& name);

}  // namespace mlz::tasks

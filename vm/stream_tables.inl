// Included by stream_kernels.inl: which handler an operation has.

template <class K, int op>
constexpr Handler handler_in_lanes() {
  constexpr CompactOpInfo info = kCompactOpTable[op];
  constexpr int rank = static_cast<int>(info.out) - 1, in_rank = static_cast<int>(info.a) - 1;
  if constexpr (info.random) return &draw<K>;
  else if constexpr (info.op == OpId::set) return &copy<K, 0>;
  else if constexpr (op == kScalarConstant || info.keeps_rest) return &set_constant<K>;
  else if constexpr (info.op == OpId::copy) return &copy<K, rank>;
  else if constexpr (info.op == OpId::noop) return &nothing<K>;
  else if constexpr (info.op == OpId::mul && in_rank == 0 && rank > 0) return &scale<K, rank>;
  else if constexpr (info.op == OpId::broadcast) return &fill<K, 1>;
  else if constexpr (info.op == OpId::broadcast_vector) return &spread<K, info.axis>;
  else if constexpr (info.op == OpId::transpose) return &transpose<K>;
  else if constexpr (info.op == OpId::dot) return &dot<K>;
  else if constexpr (info.op == OpId::outer) return &outer<K>;
  else if constexpr (info.op == OpId::matvec) return &matvec<K, false>;
  else if constexpr (info.op == OpId::matmul) return &matmul<K>;
  else if constexpr (info.op == OpId::norm || info.op == OpId::mean || info.op == OpId::std) {
    if constexpr (info.axis < 0) return &reduce_all<K, info.op, in_rank>;
    else return &reduce_axis<K, info.op, info.axis>;
  } else return &elementwise<K, info.op, rank>;
}

#include "vm/stream_matrices.inl"

template <class K, int op>
constexpr Handler handler_of() {
  constexpr CompactOpInfo info = kCompactOpTable[op];
  constexpr bool matrix = info.out == Bank::matrix || info.a == Bank::matrix || info.b == Bank::matrix;
  if constexpr (K::kApart && matrix && !info.random) return apart_handler<K, op>();
  else return handler_in_lanes<K, op>();
}

template <class K, Join join>
constexpr Handler outer_sum_of() {
  if constexpr (K::kApart) return &outer_sum_apart<K, join>;
  else return &outer_sum<K, join>;
}
template <class K>
constexpr Handler matvec_add_of() {
  if constexpr (K::kApart) return &matvec_apart<K, true>;
  else return &matvec<K, true>;
}

template <class K, int... ops>
constexpr void add_compact(Kernels& t, std::integer_sequence<int, ops...>) {
  ((t.handlers[ops] = handler_of<K, ops>()), ...);
}
template <class K, int... pairs>
constexpr void add_pairs(Kernels& t, std::integer_sequence<int, pairs...>) {
  ((t.handlers[kScalarPair + pairs] = &scalar_pair_op<K, pairs / 4, pairs % 4>), ...);
}

template <class T, int lanes, int F>
constexpr Kernels table() {
  using K = Shape<T, lanes, F>;
  Kernels t;
  add_compact<K>(t, std::make_integer_sequence<int, kCompactOps>());
  add_pairs<K>(t, std::make_integer_sequence<int, 12>());
  t.handlers[kEnd] = &end;
  t.handlers[kSigmoid] = &elementwise<K, OpId::sigmoid, 0>;
  t.handlers[kTrainCheck] = &train_check<K>;
  t.handlers[kValidRms] = &valid_rms<K>;
  t.handlers[kValidAccuracy] = &valid_accuracy<K>;
  t.handlers[kFinishRms] = &finish<K, false>;
  t.handlers[kFinishAccuracy] = &finish<K, true>;
  t.handlers[kAddScaled] = &scaled_sum<K, Join::add>;
  t.handlers[kSubScaled] = &scaled_sum<K, Join::sub>;
  t.handlers[kScaledSub] = &scaled_sum<K, Join::reverse>;
  t.handlers[kAddOuter] = outer_sum_of<K, Join::add>();
  t.handlers[kSubOuter] = outer_sum_of<K, Join::sub>();
  t.handlers[kOuterSub] = outer_sum_of<K, Join::reverse>();
  t.handlers[kMatvecAdd] = matvec_add_of<K>();
  t.run = &run<K>;
  t.apart = K::kApart;
  return t;
}

template <class T, int lanes>
const Kernels& pick(std::int64_t features) {
  static constexpr Kernels any = table<T, lanes, 0>(), four = table<T, lanes, 4>(), eight = table<T, lanes, 8>(),
                           sixteen = table<T, lanes, 16>(), thirty_two = table<T, lanes, 32>();
  switch (features) {
    case 4: return four;
    case 8: return eight;
    case 16: return sixteen;
    case 32: return thirty_two;
    default: return any;
  }
}

#include "vm/batch_evaluator.hpp"

#include <algorithm>
#include <cstring>

#include "vm/batch_examples.hpp"
#include "vm/batch_linker.hpp"
#include "vm/random_ops.hpp"

namespace mlz::vm {

class BatchEvaluator::Engine {
 public:
  virtual ~Engine() = default;
  virtual void evaluate(std::span<const CompactProgram* const> programs, std::span<BatchOutcome> outcomes) = 0;
  virtual std::unique_ptr<Engine> share() const = 0;
};

namespace {

using stream::Code;

/// Bytes of registers that one stream may touch, so that they stay in the first-level cache.
constexpr std::uint32_t kStreamBytes = 32 * 1024;
constexpr int kMostInterleaved = 8;

/// One program while it is evaluated.
struct Candidate {
  LiveProgram live;
  BatchCode code;
  BatchOutcome* outcome = nullptr;
  int alive = 0;                                              ///< lanes that still train
  std::array<std::uint32_t, stream::kWide> missed_predicts{};  ///< by lane: runs of Predict that were not its own
};

/// A lane of a candidate as it was when its validation ended early.
template <class T>
struct SavedLane {
  Candidate* candidate;
  int lane;
  std::vector<T> entries;
};

template <class T>
class EngineFor final : public BatchEvaluator::Engine {
 public:
  EngineFor(std::shared_ptr<const PreparedBatch> batch, const BatchOptions& options, Level level)
      : batch_(std::move(batch)),
        options_(options),
        level_(level),
        lanes_(batch_->blocks.front().lanes),
        kernels_(stream::kernels<T>(level, lanes_, batch_->features)),
        layout_(static_cast<std::uint32_t>(batch_->features), static_cast<std::uint32_t>(lanes_), sizeof(T),
                kernels_.apart),
        linker_(layout_, kernels_, options.fuse),
        candidates_(static_cast<std::size_t>(options.interleave > 0 ? options.interleave : kMostInterleaved)),
        drawn_(static_cast<std::size_t>(layout_.features) * layout_.features) {}

  std::unique_ptr<Engine> share() const override {
    return std::make_unique<EngineFor>(batch_, options_, level_);
  }

  void evaluate(std::span<const CompactProgram* const> programs, std::span<BatchOutcome> outcomes) override;

 private:
  std::shared_ptr<const PreparedBatch> batch_;
  BatchOptions options_;
  Level level_;
  int lanes_;
  const stream::Kernels& kernels_;
  BatchLayout layout_;
  BatchLinker linker_;

  std::vector<Candidate> candidates_;
  std::size_t in_group_ = 0;
  std::vector<Candidate*> running_;  // of the group, with lanes that still train
  std::vector<BatchDraw> draws_;
  std::vector<std::byte> memory_;
  std::byte* base_ = nullptr;
  std::vector<Code> train_, valid_, finish_, setup_;
  std::vector<double> drawn_;
  std::vector<SavedLane<T>> saved_;
  const ExampleBlock* block_ = nullptr;
  std::array<std::uint64_t, 3> runs_{};

  stream::Header& header() { return *reinterpret_cast<stream::Header*>(base_); }
  T* numbers(std::uint32_t offset) { return reinterpret_cast<T*>(base_ + offset); }
  T* state(const Candidate& c, stream::State entry) { return numbers(c.code.state + entry * layout_.entry); }
  stream::Handler handler(int op) const { return kernels_.handlers[static_cast<std::size_t>(op)]; }

  void add(const CompactProgram& program, BatchOutcome& outcome);
  void run_group();
  void reserve(std::uint32_t bytes);
  void give_birth(Candidate& c);
  void run_block();
  void each_running(std::vector<Code>& stream, int op) const;
  void make_training();
  void make_validation();
  void interleave(Function f, std::vector<Code>& stream) const;
  void train(const std::byte* examples);
  void validate(bool last_epoch);
  void stop_lanes(std::size_t step);
  void save_lanes(std::size_t step);
  void restore_lanes();
  template <class F>
  void each_number(const Candidate& c, int lane, F f);
  void collect(const Candidate& c);
  void put(const BatchDraw& d, std::size_t lane);
  void draw(std::uint32_t number);
  static void draw_for(void* engine, std::uint32_t number) { static_cast<EngineFor*>(engine)->draw(number); }
};

template <class T>
void EngineFor<T>::evaluate(std::span<const CompactProgram* const> programs, std::span<BatchOutcome> outcomes) {
  if (programs.empty()) return;
  // Groups of about equal size: a program alone in the last one would run as long as a full group.
  const std::size_t groups = (programs.size() + candidates_.size() - 1) / candidates_.size();
  const std::size_t most = (programs.size() + groups - 1) / groups;
  for (std::size_t i = 0; i < programs.size(); ++i) {
    add(*programs[i], outcomes[i]);
    const std::uint32_t bytes = candidates_[in_group_ - 1].code.end - layout_.candidates;
    const bool full = options_.interleave == 0 && bytes + bytes / static_cast<std::uint32_t>(in_group_) > kStreamBytes;
    if (full || in_group_ == most) run_group();
  }
  if (in_group_ > 0) run_group();
}

template <class T>
void EngineFor<T>::add(const CompactProgram& program, BatchOutcome& outcome) {
  Candidate& c = candidates_[in_group_];
  const std::uint32_t begin = in_group_ == 0 ? layout_.candidates : candidates_[in_group_ - 1].code.end;
  if (in_group_ == 0) draws_.clear();
  c.live.make(program);
  linker_.link(c.live, program, static_cast<std::uint32_t>(in_group_), begin, c.code, draws_);
  c.outcome = &outcome;
  outcome.fitness.assign(batch_->lifetimes.size(), 0.0);
  outcome.steps = 0;
  outcome.non_finite = false;
  ++in_group_;
}

template <class T>
void EngineFor<T>::reserve(std::uint32_t bytes) {
  constexpr std::size_t line = 64;
  if (memory_.size() >= bytes + line) return;
  memory_.assign(bytes + bytes / 2 + line, std::byte{0});
  const auto address = reinterpret_cast<std::uintptr_t>(memory_.data());
  base_ = memory_.data() + (line - address % line) % line;
  header() = {};
  header().features = layout_.features;
  header().scratch = layout_.scratch;
  header().label = layout_.label;
  header().limit = batch_->max_abs_error;
  header().valid_count = static_cast<double>(batch_->valid_count);
  header().draw = draw_for;
  header().context = this;
}

template <class T>
void EngineFor<T>::run_group() {
  reserve(candidates_[in_group_ - 1].code.end);
  for (const ExampleBlock& block : batch_->blocks) {
    block_ = &block;
    header().tasks = static_cast<std::uint32_t>(block.tasks);
    run_block();
  }
  for (std::size_t k = 0; k < in_group_; ++k) {
    BatchOutcome& out = *candidates_[k].outcome;
    double total = 0;
    for (const double fitness : out.fitness) total += fitness;
    out.mean = total / static_cast<double>(out.fitness.size());
  }
  in_group_ = 0;
}

/// Registers as at birth, no lane stopped, and Setup.
template <class T>
void EngineFor<T>::give_birth(Candidate& c) {
  std::memset(base_ + c.code.state, 0, c.code.end - c.code.state);
  std::memset(base_ + c.code.state + stream::kAlive * layout_.entry, 0xff,
              static_cast<std::size_t>(block_->tasks) * sizeof(T));
  c.alive = block_->tasks;
  c.missed_predicts.fill(0);
  for (const auto& [offset, value] : c.code.constants) std::fill_n(numbers(offset), lanes_, static_cast<T>(value));
  setup_ = c.code.code[0];
  setup_.push_back({handler(stream::kEnd), 0, 0, 0, 0});
  setup_.front().run(setup_.data(), base_);
}

template <class T>
void EngineFor<T>::run_block() {
  runs_ = {};
  running_.clear();
  for (std::size_t k = 0; k < in_group_; ++k) {
    give_birth(candidates_[k]);
    running_.push_back(&candidates_[k]);
  }
  make_training();
  const int epochs = batch_->train_count > 0 ? batch_->epochs : 0;
  for (int epoch = 0; epoch < epochs && !running_.empty(); ++epoch) {
    train(block_->train[static_cast<std::size_t>(epoch)]);
    if (!running_.empty()) validate(epoch + 1 == epochs);
  }
  for (std::size_t k = 0; k < in_group_; ++k) collect(candidates_[k]);
}

template <class T>
void EngineFor<T>::interleave(Function f, std::vector<Code>& stream) const {
  const auto index = static_cast<std::size_t>(f);
  std::size_t longest = 0;
  for (const Candidate* c : running_) longest = std::max(longest, c->code.code[index].size());
  for (std::size_t i = 0; i < longest; ++i) {
    for (const Candidate* c : running_) {
      const std::vector<Code>& code = c->code.code[index];
      if (i < code.size()) stream.push_back(code[i]);
    }
  }
}

/// Code that ends a step of every running candidate.
template <class T>
void EngineFor<T>::each_running(std::vector<Code>& stream, int op) const {
  for (const Candidate* c : running_) {
    stream.push_back({handler(op), c->code.prediction, c->code.prediction, layout_.label, c->code.state});
  }
}

template <class T>
void EngineFor<T>::make_training() {
  train_.clear();
  interleave(Function::predict, train_);
  if (batch_->metric != BatchMetric::rms_error) each_running(train_, stream::kSigmoid);
  each_running(train_, stream::kTrainCheck);
  interleave(Function::learn, train_);
  train_.push_back({handler(stream::kEnd), 0, 0, 0, 0});
}

template <class T>
void EngineFor<T>::make_validation() {
  const bool accuracy = batch_->metric == BatchMetric::accuracy;
  valid_.clear();
  interleave(Function::predict, valid_);
  each_running(valid_, accuracy ? stream::kValidAccuracy : stream::kValidRms);
  finish_.clear();
  each_running(finish_, accuracy ? stream::kFinishAccuracy : stream::kFinishRms);
  for (std::vector<Code>* stream : {&valid_, &finish_}) stream->push_back({handler(stream::kEnd), 0, 0, 0, 0});
}

template <class T>
void EngineFor<T>::train(const std::byte* examples) {
  std::size_t done = 0;
  while (done < batch_->train_count && !running_.empty()) {
    const std::size_t ran = kernels_.run(train_.data(), base_, examples + done * block_->stride, block_->stride,
                                         batch_->train_count - done);
    done += ran;
    runs_[1] += ran;
    runs_[2] += ran;
    if (header().event != 0) stop_lanes(done);
  }
  for (const Candidate* c : running_) {
    c->outcome->steps += static_cast<std::int64_t>(batch_->train_count) * c->alive;
  }
}

/// Ends the training of lanes whose error was too large in training step `step` of this epoch, counted from 1.
template <class T>
void EngineFor<T>::stop_lanes(std::size_t step) {
  header().event = 0;
  for (Candidate* c : running_) {
    T *bad = state(*c, stream::kBad), *broken = state(*c, stream::kBroken), *alive = state(*c, stream::kAlive);
    for (int lane = 0; lane < block_->tasks; ++lane) {
      const T none = T(0);
      if (std::memcmp(bad + lane, &none, sizeof none) == 0) continue;
      c->outcome->non_finite |= std::memcmp(broken + lane, &none, sizeof none) != 0;
      bad[lane] = broken[lane] = alive[lane] = none;
      --c->alive;
      c->outcome->steps += static_cast<std::int64_t>(step);
    }
  }
  const auto ended = std::remove_if(running_.begin(), running_.end(), [](const Candidate* c) { return c->alive == 0; });
  if (ended == running_.end()) return;
  running_.erase(ended, running_.end());
  make_training();
}

template <class T>
void EngineFor<T>::validate(bool last_epoch) {
  header().watch_validation = last_epoch ? 0 : 1;
  make_validation();
  std::size_t done = 0;
  while (done < batch_->valid_count) {
    const std::size_t ran = kernels_.run(valid_.data(), base_, block_->valid + done * block_->stride, block_->stride,
                                         batch_->valid_count - done);
    done += ran;
    runs_[1] += ran;
    if (header().event != 0) save_lanes(done);
  }
  finish_.front().run(finish_.data(), base_);
  restore_lanes();
}

/// Calls f for the entries of all registers in one lane.
template <class T>
template <class F>
void EngineFor<T>::each_number(const Candidate& c, int lane, F f) {
  T* const end = numbers(c.code.end);
  T* const matrices = layout_.apart ? numbers(c.code.matrices) : end;
  for (T* at = numbers(c.code.registers) + lane; at < matrices; at += lanes_) f(*at);
  const std::size_t block = std::size_t{layout_.features} * layout_.features;
  for (T* at = matrices + static_cast<std::size_t>(lane) * block; at < end; at += static_cast<std::size_t>(lanes_) * block) {
    std::for_each(at, at + block, f);
  }
}

/// A lane whose validation ended with example `step` (from 1) goes on from there in the next epoch.
template <class T>
void EngineFor<T>::save_lanes(std::size_t step) {
  header().event = 0;
  for (Candidate* c : running_) {
    T* bad = state(*c, stream::kBad);
    for (int lane = 0; lane < block_->tasks; ++lane) {
      const T none = T(0);
      if (std::memcmp(bad + lane, &none, sizeof none) == 0) continue;
      bad[lane] = none;
      SavedLane<T>& saved = saved_.emplace_back(SavedLane<T>{c, lane, {}});
      each_number(*c, lane, [&saved](T& entry) { saved.entries.push_back(entry); });
      c->missed_predicts[static_cast<std::size_t>(lane)] += static_cast<std::uint32_t>(batch_->valid_count - step);
    }
  }
}

template <class T>
void EngineFor<T>::restore_lanes() {
  for (const SavedLane<T>& saved : saved_) {
    const T* from = saved.entries.data();
    each_number(*saved.candidate, saved.lane, [&from](T& entry) { entry = *from++; });
  }
  saved_.clear();
}

template <class T>
void EngineFor<T>::draw(std::uint32_t number) {
  const BatchDraw& d = draws_[number];
  const Candidate& c = candidates_[d.candidate];
  const auto function = static_cast<std::size_t>(d.function);
  const std::uint64_t run = runs_[function] + (d.function == Function::setup ? 0 : header().example);
  const std::span<double> out(drawn_.data(), d.entries);
  for (std::size_t lane = 0; lane < static_cast<std::size_t>(block_->tasks); ++lane) {
    const std::uint64_t missed = d.function == Function::predict ? c.missed_predicts[lane] : 0;
    const DrawKey key{batch_->seed, kLifetimeStream, batch_->lifetimes[static_cast<std::size_t>(block_->first_task) + lane],
                      d.sampler, run - missed};
    const double a = d.from_registers ? static_cast<double>(numbers(d.a)[lane]) : d.first;
    const double b = d.from_registers ? static_cast<double>(numbers(d.b)[lane]) : d.second;
    draw_numbers(d.op, key, a, b, out);
    put(d, lane);
  }
}

/// Writes what was drawn for one lane, which is row by row, to the register.
template <class T>
void EngineFor<T>::put(const BatchDraw& d, std::size_t lane) {
  const std::size_t n = layout_.features;
  T* to = numbers(d.out);
  if (layout_.apart && d.entries > n) {
    for (std::size_t k = 0; k < d.entries; ++k) to[(lane * n + k % n) * n + k / n] = static_cast<T>(drawn_[k]);
  } else {
    for (std::size_t k = 0; k < d.entries; ++k) to[k * static_cast<std::size_t>(lanes_) + lane] = static_cast<T>(drawn_[k]);
  }
}

template <class T>
void EngineFor<T>::collect(const Candidate& c) {
  const T* best = state(c, stream::kBest);
  for (int lane = 0; lane < block_->tasks; ++lane) {
    c.outcome->fitness[static_cast<std::size_t>(block_->first_task + lane)] = static_cast<double>(best[lane]);
  }
}

}  // namespace

BatchEvaluator::BatchEvaluator(const TaskBatch& batch, const BatchOptions& options) {
  const Level level = options.level ? *options.level : kernel_level();
  if (options.dtype == DType::f32) {
    auto prepared = std::make_shared<const PreparedBatch>(prepare<float>(batch));
    engine_ = std::make_unique<EngineFor<float>>(std::move(prepared), options, level);
  } else {
    auto prepared = std::make_shared<const PreparedBatch>(prepare<double>(batch));
    engine_ = std::make_unique<EngineFor<double>>(std::move(prepared), options, level);
  }
}

BatchEvaluator::BatchEvaluator(const BatchEvaluator& other) : engine_(other.engine_->share()) {}
BatchEvaluator::~BatchEvaluator() = default;

void BatchEvaluator::evaluate(std::span<const CompactProgram* const> programs, std::span<BatchOutcome> outcomes) {
  if (outcomes.size() < programs.size()) throw std::logic_error("there are fewer outcomes than programs");
  engine_->evaluate(programs, outcomes);
}

}  // namespace mlz::vm

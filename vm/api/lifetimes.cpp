#include "vm/api/lifetimes_impl.hpp"

#include <stdexcept>

#include "lang/core/draws.hpp"

namespace mlz {

Lifetimes::Lifetimes(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Lifetimes::Lifetimes(Lifetimes&&) noexcept = default;
Lifetimes& Lifetimes::operator=(Lifetimes&&) noexcept = default;
Lifetimes::~Lifetimes() = default;

const BoundProgram& Lifetimes::program() const { return impl_->program; }
int Lifetimes::count() const { return impl_->count(); }
std::string_view Lifetimes::engine() const { return impl_->machine->engine(); }
DType Lifetimes::dtype() const { return impl_->dtype; }

void Lifetimes::setup() { impl_->setup(); }
void Lifetimes::setup(const Model& model) {
  for (const auto& [name, values] : model.state) impl_->need_entries(impl_->writable(name, 0), values.size());
  set_params(model.params);
  setup();
  for (int i = 0; i < count(); ++i) {
    for (const auto& [name, values] : model.state) write(name, std::span<const double>(values), i);
  }
}
std::span<const double> Lifetimes::predict(std::span<const double> x) { return impl_->predict(x); }
std::span<const float> Lifetimes::predict(std::span<const float> x) { return impl_->predict(x); }
void Lifetimes::learn(std::span<const double> x, std::span<const double> target) { impl_->learn(x, target); }
void Lifetimes::learn(std::span<const float> x, std::span<const float> target) { impl_->learn(x, target); }

StreamResult Lifetimes::run_stream(std::span<const double> xs, std::span<const double> targets,
                                   const StreamOptions& options, std::span<double> predictions) {
  return impl_->run_stream(xs, targets, options, predictions);
}
StreamResult Lifetimes::run_stream(std::span<const float> xs, std::span<const float> targets,
                                   const StreamOptions& options, std::span<float> predictions) {
  return impl_->run_stream(xs, targets, options, predictions);
}

std::vector<double> Lifetimes::read(std::string_view name, int lifetime) const {
  const vm::RegisterId id = impl_->readable(name, lifetime);
  std::vector<double> out(static_cast<std::size_t>(impl_->bound().registers[id].size()));
  read(name, std::span<double>(out), lifetime);
  return out;
}

namespace {

template <class T>
void read_into(const Lifetimes::Impl& impl, std::string_view name, std::span<T> out, int lifetime) {
  const vm::RegisterId id = impl.readable(name, lifetime);
  impl.need_entries(id, out.size());
  impl.machine->read(id, lifetime, out);
}

template <class T>
void write_from(Lifetimes::Impl& impl, std::string_view name, std::span<const T> values, int lifetime) {
  impl.need_birth("write");
  const vm::RegisterId id = impl.writable(name, lifetime);
  impl.need_entries(id, values.size());
  impl.machine->write(id, lifetime, values);
}

}  // namespace

void Lifetimes::read(std::string_view name, std::span<double> out, int lifetime) const {
  read_into(*impl_, name, out, lifetime);
}
void Lifetimes::read(std::string_view name, std::span<float> out, int lifetime) const {
  read_into(*impl_, name, out, lifetime);
}
void Lifetimes::write(std::string_view name, std::span<const double> values, int lifetime) {
  write_from(*impl_, name, values, lifetime);
}
void Lifetimes::write(std::string_view name, std::span<const float> values, int lifetime) {
  write_from(*impl_, name, values, lifetime);
}

void Lifetimes::set_params(const Params& params) {
  std::vector<std::vector<std::vector<double>>> changed;
  for (int i = 0; i < count(); ++i) changed.push_back(impl_->changed_params(params, i));
  impl_->params = std::move(changed);
}
void Lifetimes::set_params(const Params& params, int lifetime) {
  auto changed = impl_->changed_params(params, lifetime);
  impl_->params[static_cast<std::size_t>(lifetime)] = std::move(changed);
}
Params Lifetimes::params(int lifetime) const { return impl_->params_of(lifetime); }

std::size_t Snapshot::bytes() const { return impl_->machine.memory.size(); }

Snapshot Lifetimes::save() const {
  auto made = std::make_shared<Snapshot::Impl>(Snapshot::Impl{
      impl_->machine->save(), impl_->program, std::string(engine()), dtype(), count(), impl_->born, impl_->params});
  return Snapshot(std::move(made));
}

void Lifetimes::restore(const Snapshot& snapshot) {
  const Snapshot::Impl& from = snapshot.impl();
  const bool fits = &from.program.impl() == &impl_->program.impl() && from.engine == engine() &&
                    from.dtype == dtype() && from.lifetimes == count();
  if (!fits) throw std::invalid_argument("this snapshot is of another program, engine, dtype or number of lifetimes");
  impl_->machine->restore(from.machine);
  impl_->born = from.born;
  impl_->params = from.params;
}

void Lifetimes::look(const std::function<void()>& f) {
  struct Back {
    Lifetimes& self;
    Snapshot before = self.save();
    bool looking = self.impl_->looking;
    ~Back() {
      self.restore(before);
      self.set_looking(looking);
    }
  };
  impl_->need_birth("look");
  const Back back{*this};
  set_looking(true);
  f();
}

void Lifetimes::set_looking(bool looking) {
  impl_->looking = looking;
  impl_->machine->set_draw_stream(looking ? kTestStream : kLifetimeStream);
}

}  // namespace mlz

#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "vm/machine.hpp"

namespace mlz::outer {

/// Machines of one program that are made once and lent again and again, each to one thread at a time. Safe to share by
/// threads.
class MachinePool {
 public:
  /// `options` are those of every machine but for its births. The program must outlive the pool.
  MachinePool(std::string engine, const vm::BoundProgram& program, vm::MachineOptions options)
      : engine_(std::move(engine)), program_(program), options_(std::move(options)) {}

  int lanes() const { return options_.lanes; }

  /// Calls use(machine) with a machine whose lanes will be born so; lanes beyond those given are born as the first.
  template <class Use>
  auto with(std::vector<vm::Birth> births, Use&& use) {
    births.resize(static_cast<std::size_t>(lanes()), births.at(0));
    const Loan loan{*this, take(births)};
    return use(*loan.machine);
  }

 private:
  /// Gives a machine back, also after an exception.
  struct Loan {
    MachinePool& pool;
    std::unique_ptr<vm::Machine> machine;
    Loan(MachinePool& p, std::unique_ptr<vm::Machine> m) : pool(p), machine(std::move(m)) {}
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    ~Loan() { pool.give_back(std::move(machine)); }
  };

  std::string engine_;
  const vm::BoundProgram& program_;
  vm::MachineOptions options_;
  std::mutex lock_;
  std::vector<std::unique_ptr<vm::Machine>> idle_;

  std::unique_ptr<vm::Machine> take(const std::vector<vm::Birth>& births);
  void give_back(std::unique_ptr<vm::Machine> machine);
};

}  // namespace mlz::outer

import CKernels
import Testing

import TensorCore

struct HelperAccountTests {
  @Test func `Who was never helped works alone after the first loss`() {
    var account = HelperAccount()
    let isAlone = account.noteLoss(1000)
    #expect(isAlone)
  }

  @Test func `A loss now and then is paid from what helpers saved`() {
    var account = HelperAccount()
    for _ in 0..<20 {
      for _ in 0..<100 { account.noteHelp(ownTime: 100, ownShares: 2, otherShares: 2) }
      let isAlone = account.noteLoss(3000)
      #expect(!isAlone)
    }
  }

  @Test func `Where as much is lost as saved, the caller works alone before long`() {
    var account = HelperAccount()
    for _ in 0..<10_000 { account.noteHelp(ownTime: 1_000_000, ownShares: 8, otherShares: 8) }
    var losses = 0
    repeat {
      losses += 1
      account.noteHelp(ownTime: 3000, ownShares: 4, otherShares: 4)
    } while !account.noteLoss(3000) && losses < 100
    #expect(losses > 2 && losses < 12)
    // And there is nothing left to begin anew with.
    let isAloneAgain = account.noteLoss(1)
    #expect(isAloneAgain)
  }

  @Test func `What others did counts by the share`() {
    var few = HelperAccount(), many = HelperAccount()
    few.noteHelp(ownTime: 1000, ownShares: 10, otherShares: 1)
    many.noteHelp(ownTime: 1000, ownShares: 1, otherShares: 10)
    let isAlone = (few.noteLoss(100), many.noteLoss(100))
    #expect(isAlone == (true, false))
  }

  @Test func `A thread leaves a processor for another that it may be on, and keeps its freedom`() {
    // A processor that it is not on is none to leave.
    ck_leave_processor(-1)
    let all = ck_processor_count()
    var places: Set<Int32> = []
    for _ in 0..<20 {
      let before = ck_processor()
      ck_leave_processor(before)
      places.insert(ck_processor())
      #expect(ck_processor_count() == all)
    }
    #if os(Linux)
      #expect(all == 1 || places.count > 1)
    #endif
  }
}

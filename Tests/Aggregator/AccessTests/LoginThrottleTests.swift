import Model
import Testing

@testable import Access

@Suite struct LoginThrottleTests {
    private let start = Timestamp(milliseconds: 1_000_000)

    @Test func aFewFailuresAreFreeAndThenTheDelayDoubles() {
        var throttle = LoginThrottle()
        var now = start
        var waits: [Duration] = []
        for number in 0..<9 {
            // Another address each time: what is limited here is the account.
            let address = "10.0.0.\(number)"
            while let wait = throttle.begin(name: "admin", from: address, at: now) {
                waits.append(wait)
                now = now + wait
            }
        }
        #expect(waits == [.seconds(1), .seconds(2), .seconds(4), .seconds(8)])
    }

    @Test func noOneIsLockedOutOfAnAccountForLongerThanAMinute() {
        var throttle = LoginThrottle()
        var now = start
        var longest: Duration = .zero
        for number in 0..<40 {
            while let wait = throttle.begin(name: "admin", from: "10.0.1.\(number)", at: now) {
                longest = max(longest, wait)
                now = now + wait
            }
        }
        #expect(longest == .seconds(60))
    }

    @Test func attemptsAtTheSameMomentCount() {
        var throttle = LoginThrottle()
        let allowed = (0..<1000).count { _ in throttle.begin(name: "admin", from: "10.0.0.1", at: start) == nil }
        #expect(allowed == 5)
    }

    @Test func anAddressIsLimitedWhateverAccountsItTries() {
        var throttle = LoginThrottle()
        let allowed = (0..<1000).count { throttle.begin(name: "user\($0)", from: "10.0.0.1", at: start) == nil }
        #expect(allowed == 10)
    }

    @Test func oneHostsIPv6AddressesCountAsOne() {
        var throttle = LoginThrottle()
        let allowed = (0..<1000).count {
            throttle.begin(name: "user\($0)", from: "2001:db8:1:2:\(String($0, radix: 16))::1", at: start) == nil
        }
        #expect(allowed == 10)
        #expect(throttle.begin(name: "else", from: "2001:db8:1:3::1", at: start) == nil)
    }

    @Test func successForgivesTheAccountButNotTheAddress() {
        var throttle = LoginThrottle()
        for _ in 0..<4 { _ = throttle.begin(name: "admin", from: "10.0.0.1", at: start) }
        throttle.succeed(name: "admin", from: "10.0.0.1")
        // Three failures of the address remain: seven more are free.
        let allowed = (0..<100).count { throttle.begin(name: "user\($0)", from: "10.0.0.1", at: start) == nil }
        #expect(allowed == 7)
    }

    @Test func failuresAreForgottenAfterAnHour() {
        var throttle = LoginThrottle()
        for _ in 0..<5 { _ = throttle.begin(name: "admin", from: "10.0.0.1", at: start) }
        #expect(throttle.begin(name: "admin", from: "10.0.0.2", at: start) != nil)
        let later = start + .seconds(3601)
        let allowed = (0..<5).count { _ in throttle.begin(name: "admin", from: "10.0.0.1", at: later) == nil }
        #expect(allowed == 5)
    }

    @Test func memoryIsBoundedAndTheOldestAreForgottenFirst() {
        var throttle = LoginThrottle(capacity: 100)
        for number in 0..<5000 {
            _ = throttle.begin(name: "user\(number)", from: "10.1.\(number / 250).\(number % 250)", at: start)
            #expect(throttle.count <= 100)
        }
    }
}

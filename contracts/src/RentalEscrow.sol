// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {Purse} from "./Purse.sol";

/// @title Rent by the hour: paid in beforehand, released hour by hour.
/// @notice What has not been earned goes back to the renter whatever anybody does or fails to do. The arbiter
/// can only divide what is left between the two parties, and only while they dispute.
contract RentalEscrow is Purse, Ownable2Step {
    enum State {
        None,
        Funded, // waits for the provider
        Running,
        Disputed,
        Closed
    }

    struct Rental {
        address renter;
        uint64 acceptBy;
        uint32 hoursBooked;
        address provider;
        uint64 startedAt;
        uint32 hoursReleased;
        address token;
        uint64 disputedAt;
        uint16 feeBps;
        State state;
        uint128 hourPrice;
    }

    uint16 public constant MAX_FEE_BPS = 2000;
    uint32 public constant MAX_HOURS = 24 * 366;
    /// @notice The arbiter has this long; then what was earned before the dispute is paid and the rest returned.
    uint64 public constant ARBITER_TIME = 14 days;
    /// @notice For so long after the last hour its release can be disputed.
    uint64 public constant COMPLAINT_TIME = 1 hours;

    address public arbiter;
    address public treasury;
    uint16 public feeBps;
    mapping(bytes32 rentalId => Rental) private _rentals;

    event Funded(
        bytes32 indexed rentalId, address indexed renter, address indexed provider, address token, uint256 amount
    );
    event Started(bytes32 indexed rentalId, uint64 startedAt);
    event HoursReleased(bytes32 indexed rentalId, uint32 hoursReleased, uint256 amount);
    event Disputed(bytes32 indexed rentalId, address indexed by);
    event Closed(bytes32 indexed rentalId, uint32 hoursPaid, uint256 returned);
    event TermsChanged(address indexed arbiter, address indexed treasury, uint16 feeBps);

    error TakenAlready(bytes32 rentalId);
    error TermsWrong();
    error NotAParty();
    error NotNow(State state);
    error TooLate();
    error TooEarly();
    error HoursOutOfRange(uint32 hoursPaid);

    constructor(address owner_, address arbiter_, address treasury_, uint16 feeBps_) Ownable(owner_) {
        _setTerms(arbiter_, treasury_, feeBps_);
    }

    /// @notice Names arbiter, treasury and the fee of rentals funded from now on.
    function setTerms(address arbiter_, address treasury_, uint16 feeBps_) external onlyOwner {
        _setTerms(arbiter_, treasury_, feeBps_);
    }

    /// @notice The id of a renter's rental: nobody can take another's.
    function rentalId(address renter, bytes32 name) public pure returns (bytes32) {
        return keccak256(abi.encode(renter, name));
    }

    function rental(bytes32 id) external view returns (Rental memory) {
        return _rentals[id];
    }

    /// @notice Pays in for all hours. The provider may accept until `acceptBy`.
    /// @param maxFeeBps the highest fee the caller agreed to.
    function fund(
        bytes32 name,
        address provider,
        address token,
        uint128 hourPrice,
        uint32 hours_,
        uint64 acceptBy,
        uint16 maxFeeBps
    ) external payable nonReentrant returns (bytes32 id) {
        id = rentalId(msg.sender, name);
        if (_rentals[id].state != State.None) revert TakenAlready(id);
        if (provider == address(0) || provider == msg.sender || hourPrice == 0 || hours_ == 0) revert TermsWrong();
        if (hours_ > MAX_HOURS || acceptBy <= block.timestamp || feeBps > maxFeeBps) revert TermsWrong();
        _rentals[id] = Rental({
            renter: msg.sender,
            acceptBy: acceptBy,
            hoursBooked: hours_,
            provider: provider,
            startedAt: 0,
            hoursReleased: 0,
            token: token,
            disputedAt: 0,
            feeBps: feeBps,
            state: State.Funded,
            hourPrice: hourPrice
        });
        uint256 amount = uint256(hourPrice) * hours_;
        emit Funded(id, msg.sender, provider, token, amount);
        _take(token, amount);
    }

    /// @notice The provider begins; the hours count from now.
    function accept(bytes32 id) external nonReentrant {
        Rental storage it = _rentals[id];
        if (it.state != State.Funded) revert NotNow(it.state);
        if (msg.sender != it.provider) revert NotAParty();
        if (block.timestamp > it.acceptBy) revert TooLate();
        it.state = State.Running;
        it.startedAt = uint64(block.timestamp);
        emit Started(id, it.startedAt);
    }

    /// @notice Gives everything back: the provider at any time before it began, anybody once `acceptBy` is over.
    function cancel(bytes32 id) external nonReentrant {
        Rental storage it = _rentals[id];
        if (it.state != State.Funded) revert NotNow(it.state);
        if (msg.sender != it.provider && block.timestamp <= it.acceptBy) revert TooEarly();
        _close(id, it, 0);
    }

    /// @notice Releases the hours that are over and beyond complaint. Anybody may call it.
    function release(bytes32 id) external nonReentrant {
        Rental storage it = _rentals[id];
        if (it.state != State.Running) revert NotNow(it.state);
        uint32 done = _settledHours(it);
        if (done <= it.hoursReleased) revert TooEarly();
        if (done == it.hoursBooked) {
            _close(id, it, done);
            return;
        }
        uint32 fresh = done - it.hoursReleased;
        it.hoursReleased = done;
        emit HoursReleased(id, done, _payProvider(it, fresh));
    }

    /// @notice Either party ends it now, and the rest goes back. A renter pays for the hour that has begun; a
    /// provider gets only hours that are beyond complaint.
    function stop(bytes32 id) external nonReentrant {
        Rental storage it = _rentals[id];
        if (it.state != State.Running) revert NotNow(it.state);
        if (msg.sender == it.provider) _close(id, it, _settledHours(it));
        else if (msg.sender == it.renter) _close(id, it, _begunHours(it));
        else revert NotAParty();
    }

    /// @notice Either party stops releases until the arbiter has decided.
    function dispute(bytes32 id) external nonReentrant {
        Rental storage it = _rentals[id];
        if (it.state != State.Running) revert NotNow(it.state);
        if (msg.sender != it.renter && msg.sender != it.provider) revert NotAParty();
        it.state = State.Disputed;
        it.disputedAt = uint64(block.timestamp);
        emit Disputed(id, msg.sender);
    }

    /// @notice The arbiter says how many hours the provider is paid in all; released ones stay so.
    function resolve(bytes32 id, uint32 hoursPaid) external nonReentrant {
        Rental storage it = _rentals[id];
        if (msg.sender != arbiter) revert NotAParty();
        if (it.state != State.Disputed) revert NotNow(it.state);
        if (hoursPaid < it.hoursReleased || hoursPaid > it.hoursBooked) revert HoursOutOfRange(hoursPaid);
        _close(id, it, hoursPaid);
    }

    /// @notice When the arbiter is silent for too long: the hours before the dispute are paid, the rest goes
    /// back. Anybody may call it.
    function expire(bytes32 id) external nonReentrant {
        Rental storage it = _rentals[id];
        if (it.state != State.Disputed) revert NotNow(it.state);
        if (block.timestamp < it.disputedAt + ARBITER_TIME) revert TooEarly();
        _close(id, it, _hoursAt(it, it.disputedAt));
    }

    function _close(bytes32 id, Rental storage it, uint32 hoursPaid) private {
        uint32 paid = hoursPaid < it.hoursReleased ? it.hoursReleased : hoursPaid;
        uint32 fresh = paid - it.hoursReleased;
        uint256 returned = uint256(it.hourPrice) * (it.hoursBooked - paid);
        it.hoursReleased = paid;
        it.state = State.Closed;
        if (fresh != 0) emit HoursReleased(id, paid, _payProvider(it, fresh));
        _credit(it.token, it.renter, returned);
        emit Closed(id, paid, returned);
    }

    /// @dev The fee is rounded down; the provider has what is left.
    function _payProvider(Rental storage it, uint32 hours_) private returns (uint256 amount) {
        amount = uint256(it.hourPrice) * hours_;
        uint256 fee = amount * it.feeBps / 10_000;
        _credit(it.token, treasury, fee);
        _credit(it.token, it.provider, amount - fee);
    }

    /// @dev Whole hours that were over at a moment.
    function _hoursAt(Rental storage it, uint64 moment) private view returns (uint32) {
        if (moment <= it.startedAt) return 0;
        uint64 whole = (moment - it.startedAt) / 1 hours;
        return whole < it.hoursBooked ? uint32(whole) : it.hoursBooked;
    }

    function _begunHours(Rental storage it) private view returns (uint32) {
        uint64 begun = (uint64(block.timestamp) - it.startedAt) / 1 hours + 1;
        return begun < it.hoursBooked ? uint32(begun) : it.hoursBooked;
    }

    function _settledHours(Rental storage it) private view returns (uint32) {
        return _hoursAt(it, uint64(block.timestamp) - COMPLAINT_TIME);
    }

    function _setTerms(address arbiter_, address treasury_, uint16 feeBps_) private {
        if (arbiter_ == address(0) || treasury_ == address(0) || feeBps_ > MAX_FEE_BPS) revert TermsWrong();
        arbiter = arbiter_;
        treasury = treasury_;
        feeBps = feeBps_;
        emit TermsChanged(arbiter_, treasury_, feeBps_);
    }
}
